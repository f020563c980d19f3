//! Attributes: a value of the right kind and of a likely form for everything only the service sets.

use rstack_catalog::{Kind, Node, SchemaPath};
use rstack_model::PropertyPath;
use serde_json::{Map, Number, Value as Json};

use crate::arn;
use crate::id_context::IdContext;
use crate::ids::{self, Identity};
use crate::redaction::{JsonMap, Redactor, is_secret};

/// The depth to which the maps of an attribute are filled in.
const DEPTH: usize = 5;
/// The sandbox has no clock: everything happened then.
const MOMENT: &str = "2026-01-01T00:00:00Z";
const MOMENT_SECONDS: i64 = 1_767_225_600;
/// Names of texts that services return once and that are secret.
const SECRET_NAMES: [&str; 6] =
    ["Password", "SecretAccessKey", "SecretKey", "PrivateKey", "ClientSecret", "KeyMaterial"];
/// The values of a state or a status of a healthy object, in order of preference.
const WELL: [&str; 16] = [
    "ACTIVE",
    "Active",
    "active",
    "AVAILABLE",
    "Available",
    "available",
    "READY",
    "Ready",
    "ENABLED",
    "Enabled",
    "CREATED",
    "COMPLETED",
    "SUCCEEDED",
    "RUNNING",
    "IDLE",
    "DETACHED",
];

/// Attributes that are another name of the object's identifier: the type and the attribute.
const SYNONYMS: [(&str, &str); 1] = [("AWS::EC2::SecurityGroup", "GroupId")];

/// The attributes of an object, nested as their paths are.
pub(crate) fn of(context: &IdContext<'_>, identity: &Identity, redactor: Redactor<'_>) -> JsonMap {
    let mut out = JsonMap::new();
    let paths = context.schema.read_only();
    for path in paths {
        let part_of = |other: &SchemaPath| {
            other.segments().len() < path.segments().len()
                && path.segments().starts_with(other.segments())
        };
        let Some(concrete) = path.concrete().filter(|_| !paths.iter().any(part_of)) else {
            continue;
        };
        let name = path.to_string();
        let own = SYNONYMS.contains(&(context.schema.name(), name.as_str()));
        let value = match identity.chosen.get(&name).or(own.then_some(&identity.physical_id)) {
            Some(chosen) => Some(Json::from(chosen.as_str())),
            None => {
                let node = context.schema.node(&concrete);
                node.map(|node| Maker { context, redactor }.value(path.segments(), node, DEPTH))
            }
        };
        if let Some(value) = value {
            put(&mut out, path.segments(), value);
        }
    }
    for name in context.schema.declared_attributes() {
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        let concrete = path.iter().fold(PropertyPath::root(), |path, part| path.name(part));
        let maker = Maker { context, redactor };
        let invented = || Some(maker.value(&path, context.schema.node(&concrete)?, DEPTH));
        if let Some(value) = declared(context.properties, &path).or_else(invented) {
            put(&mut out, &path, maker.flat(&path, value));
        }
    }
    let named = context.schema.unique_names().iter();
    let named = named.flat_map(|name| name.name().iter().chain(name.scope()).cloned());
    let own = crate::names::property(context.schema).map(|name| SchemaPath::parse(&name));
    for path in named.chain(own).filter(|path| path.segments().len() == 1) {
        if let Some(declared) = context.text_at(&path) {
            put(&mut out, path.segments(), Json::from(declared));
        }
    }
    out
}

/// The declared value at a path of maps.
fn declared(map: &JsonMap, path: &[String]) -> Option<Json> {
    let (first, rest) = path.split_first()?;
    let value = map.get(first)?;
    match value {
        Json::Object(inner) if !rest.is_empty() => declared(inner, rest),
        _ if rest.is_empty() => Some(value.clone()),
        _ => None,
    }
}

/// Puts a value at a path of maps.
pub(crate) fn put(map: &mut JsonMap, path: &[String], value: Json) {
    match path {
        [] => {}
        [last] => {
            map.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let inner = map.entry(first.clone()).or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

struct Maker<'a> {
    context: &'a IdContext<'a>,
    redactor: Redactor<'a>,
}

impl Maker<'_> {
    /// An attribute is text or a list of texts: of the members of a list of maps, such as the
    /// destinations of a MediaLive input, it gives the addresses.
    fn flat(&self, path: &[String], value: Json) -> Json {
        let Json::Array(items) = value else { return value };
        let flat = |(i, item): (usize, Json)| {
            if !item.is_object() || is_secret(&item) {
                return item;
            }
            let mut path = path.to_vec();
            path.extend([i.to_string(), "Url".to_owned()]);
            self.text(&path, &Node::default())
        };
        Json::Array(items.into_iter().enumerate().map(flat).collect())
    }

    fn value(&self, path: &[String], node: &Node, depth: usize) -> Json {
        let schema = self.context.schema;
        let node = schema.resolve(node);
        let kinds = node.kinds();
        if let Some(chosen) = allowed(node) {
            return chosen;
        }
        let has_properties = node.property_names().next().is_some();
        match kinds.first() {
            Some(Kind::Boolean) => Json::Bool(false),
            Some(Kind::Integer | Kind::Number) => self.number(path, node),
            Some(Kind::List) => self.list(path, node, depth),
            Some(Kind::Map) => self.map(path, node, depth),
            None if has_properties => self.map(path, node, depth),
            Some(Kind::Text) | None => self.text(path, node),
        }
    }

    /// Two elements, as templates often select the second one; four name servers.
    fn list(&self, path: &[String], node: &Node, depth: usize) -> Json {
        let Some((element, depth)) = self.context.schema.element(node).zip(depth.checked_sub(1))
        else {
            return Json::Array(Vec::new());
        };
        let name = path.last().map_or("", String::as_str);
        let usual = if name == "NameServers" { 4 } else { 2 };
        let (least, most) = node.count();
        let count = most.map_or(usual, |most| usual.min(most)).max(least.unwrap_or(0));
        let item = |i: u64| {
            let mut path = path.to_vec();
            path.pop();
            path.extend([i.to_string(), singular(name).to_owned()]);
            self.value(&path, element, depth)
        };
        Json::Array((0..count).map(item).collect())
    }

    fn map(&self, path: &[String], node: &Node, depth: usize) -> Json {
        if depth == 0 {
            return Json::Object(Map::new());
        }
        let inner = |(name, node): (&str, &Node)| {
            let mut path = path.to_vec();
            path.push(name.to_owned());
            (name.to_owned(), self.value(&path, node, depth - 1))
        };
        Json::Object(node.properties().map(inner).collect())
    }

    fn number(&self, path: &[String], node: &Node) -> Json {
        let name = path.last().map_or("", String::as_str);
        let wanted = if name.ends_with("Port") {
            self.port()
        } else if is_moment(name) {
            MOMENT_SECONDS
        } else {
            i64::from(name.contains("Version") || name.contains("Revision"))
        };
        let bound = |bound: Option<&Number>| bound.and_then(Number::as_i64);
        let (low, high) = node.range();
        let low = bound(low).unwrap_or(i64::MIN);
        Json::from(wanted.clamp(low, bound(high).unwrap_or(i64::MAX).max(low)))
    }

    /// The port of a database, by its engine, and any other port.
    ///
    /// Source: `CreateDBCluster` and `CreateDBInstance`, Amazon RDS API Reference, `Port`.
    fn port(&self) -> i64 {
        if self.context.resource_type.service() != Some("RDS") {
            return 443;
        }
        let declared = match self.context.properties.get("Port") {
            Some(Json::Number(number)) => number.as_i64(),
            Some(Json::String(text)) => text.parse().ok(),
            _ => None,
        };
        let engine = self.context.text("Engine").unwrap_or_default().to_ascii_lowercase();
        let ports = [("postgres", 5432), ("oracle", 1521), ("sqlserver", 1433), ("db2", 50000)];
        let usual =
            ports.iter().find(|(name, _)| engine.contains(name)).map_or(3306, |(_, it)| *it);
        declared.unwrap_or(usual)
    }

    fn text(&self, path: &[String], node: &Node) -> Json {
        let name = path.last().map_or("", String::as_str);
        if SECRET_NAMES.iter().any(|secret| name.ends_with(secret)) {
            return self.redactor.mark(&self.context.derive(&path.join(".")).hex(40));
        }
        let likely = self.likely(path, name);
        ids::fitting(self.context, &path.join("."), &[ids::Form::of(node)], likely).into()
    }

    /// The text one would expect under this name.
    fn likely(&self, path: &[String], name: &str) -> String {
        let context = self.context;
        let environment = context.environment;
        let lower = name.to_ascii_lowercase();
        let ends = |ending: &str| lower.ends_with(ending);
        if ends("arn") {
            let kind = name.get(..name.len().saturating_sub(3)).unwrap_or_default();
            let own = kind.is_empty()
                || kind == context.resource()
                || path.len() == 1 && { kind == "Resource" || context.resource().ends_with(kind) };
            if own && path.len() == 1 {
                return arn::own(context, &ids::plain_id(context));
            }
            return arn::made(context, &arn::kebab(kind), &context.derive(&path.join(".")).uuid());
        }
        match lower.as_str() {
            "region" | "awsregion" => return environment.region.to_string(),
            "availabilityzone" => return format!("{}a", environment.region),
            "status" | "state" => return "ACTIVE".to_owned(),
            "name" => return context.name(),
            _ => {}
        }
        if ends("accountid") || ends("ownerid") || ends("owneraccount") || lower == "owner" {
            return environment.account.to_string();
        }
        if is_moment(name) {
            return MOMENT.to_owned();
        }
        if ends("status") || ends("state") {
            return "ACTIVE".to_owned();
        }
        if ends("message") || ends("reason") || ends("description") {
            return String::new();
        }
        if ends("url") || ends("uri") {
            let id = context.derive(&path.join("/")).hex(16);
            return format!("https://{}/{id}", ids::host(context, "host"));
        }
        if ends("ipv6cidrblock") || ends("ipv6cidr") {
            return "2001:db8::/56".to_owned();
        }
        if ends("cidrblock") || ends("cidr") {
            return "10.0.0.0/16".to_owned();
        }
        if name.ends_with("Ip") || ends("ipaddress") || name == "IP" {
            let host = 1 + context.derive(&path.join(".")).below(254);
            return format!("203.0.113.{host}");
        }
        if ends("domainname")
            || ends("dnsname")
            || ends("endpoint")
            || ends("address")
            || ends("hostname")
            || ends("host")
        {
            return ids::host(context, "host");
        }
        if ends("versionid") || ends("revisionid") {
            return context.derive(&path.join(".")).uuid();
        }
        if ends("version") || ends("revision") {
            return "1".to_owned();
        }
        if ends("port") {
            return self.port().to_string();
        }
        if context.resource_type.service() == Some("IAM") && ends("id") && lower != "id" {
            return ids::usual(context, name);
        }
        if path.len() == 1 && (lower == "id" || name == format!("{}Id", context.resource())) {
            return ids::plain_id(context);
        }
        if ends("id") || ends("identifier") || ids::prefix(name).is_some() {
            return ids::usual(context, name);
        }
        if let Some(prefix) = ids::prefix(&format!("{name}Id")) {
            return format!("{prefix}-0{}", context.derive(&path.join(".")).hex(16));
        }
        format!("{}-{}", arn::kebab(name), context.derive(&path.join(".")).hex(8))
    }
}

fn is_moment(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let ends = ["at", "time", "timestamp", "date", "datetime", "lastmodified"];
    ends.iter().any(|ending| lower.ends_with(ending))
        && !["format", "state", "uptime", "runtime"].iter().any(|other| lower.ends_with(other))
}

/// The element of `NetworkInterfaceIds` is a `NetworkInterfaceId`.
fn singular(name: &str) -> &str {
    name.strip_suffix('s').unwrap_or(name)
}

/// One of the values the node allows, a good one if there is one.
fn allowed(node: &Node) -> Option<Json> {
    let good = |text: &&str| node.allowed().iter().any(|value| value.as_str() == Some(text));
    let well = WELL.iter().find(|text| good(text)).map(|text| Json::from(*text));
    well.or_else(|| node.allowed().first().cloned())
}
