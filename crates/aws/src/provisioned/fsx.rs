//! `AWS::FSx::FileSystem`.
//!
//! The service chooses the ID, and makes one file system of a request's token. What a change does not say stays as
//! it is, so that what is declared no longer is said with its default, where there is one.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rstack_driver::{DriverError, ErrorKind};
use rstack_model::{Digest, KnownMap, KnownValue, PropertyPath};

use super::compare::{Form, same};
use super::kind::{Asked, Change, Facts, Kind, Stage, Statuses, at, from_description};
use crate::api::Api;
use crate::definition::Service;
use crate::iam::{Fields, arguments, text_in};
use crate::mapping::Rules;
use crate::resource_tags::TagCalls;

const CREATE: &str = "CreateFileSystem";
const RESTORE: &str = "CreateFileSystemFromBackup";
const UPDATE: &str = "UpdateFileSystem";
const UPDATE_ACTION: &str = "fsx:UpdateFileSystem";

const TOKEN: &str = "ClientRequestToken";
const WINDOWS: &str = "WindowsConfiguration";
const LUSTRE: &str = "LustreConfiguration";
const ONTAP: &str = "OntapConfiguration";
const OPENZFS: &str = "OpenZFSConfiguration";
const BACKUP: &str = "BackupId";
const ALIASES: &str = "Aliases";
const ROUTES: &str = "RouteTableIds";
const DIRECTORY: &str = "SelfManagedActiveDirectoryConfiguration";
/// The options of a deletion, which nothing else takes.
const OPTIONS: &str = "Options";

/// Properties that an update takes as they are.
const CHANGEABLE: [&str; 3] = ["NetworkType", "StorageCapacity", "StorageType"];

/// Settings of each kind of file systems that an update takes as they are.
///
/// Source: botocore, model of `fsx`, UpdateFileSystemRequest.
const SETTINGS: [(&str, &[&str]); 4] = [
    (
        WINDOWS,
        &[
            "AuditLogConfiguration",
            "AutomaticBackupRetentionDays",
            "DailyAutomaticBackupStartTime",
            "DiskIopsConfiguration",
            "FsrmConfiguration",
            DIRECTORY,
            "ThroughputCapacity",
            "WeeklyMaintenanceStartTime",
        ],
    ),
    (
        LUSTRE,
        &[
            "AutoImportPolicy",
            "AutomaticBackupRetentionDays",
            "DailyAutomaticBackupStartTime",
            "DataCompressionType",
            "DataReadCacheConfiguration",
            "LogConfiguration",
            "MetadataConfiguration",
            "ThroughputCapacity",
            "WeeklyMaintenanceStartTime",
        ],
    ),
    (
        ONTAP,
        &[
            "AutomaticBackupRetentionDays",
            "DailyAutomaticBackupStartTime",
            "DiskIopsConfiguration",
            "EndpointIpv6AddressRange",
            "FsxAdminPassword",
            "HAPairs",
            "ThroughputCapacity",
            "ThroughputCapacityPerHAPair",
            "WeeklyMaintenanceStartTime",
        ],
    ),
    (
        OPENZFS,
        &[
            "AutomaticBackupRetentionDays",
            "CopyTagsToBackups",
            "CopyTagsToVolumes",
            "DailyAutomaticBackupStartTime",
            "DiskIopsConfiguration",
            "EndpointIpv6AddressRange",
            "ReadCacheConfiguration",
            "ThroughputCapacity",
            "WeeklyMaintenanceStartTime",
        ],
    ),
];

/// The members of an own directory that an update takes without moving the file system to another one.
const OF_DIRECTORY: [&str; 4] =
    ["DnsIps", "DomainJoinServiceAccountSecret", "Password", "UserName"];

/// File systems of FSx.
pub(super) struct FileSystem;

/// The value of a setting that nothing declares; `None` if the service chooses it.
///
/// Source: botocore, model of `fsx`: the shapes CreateFileSystem…Configuration, DiskIopsConfiguration,
/// WindowsAuditLogCreateConfiguration, LustreLogCreateConfiguration and WindowsFsrmConfiguration.
fn default(configuration: &str, setting: &str) -> Option<KnownValue> {
    let one = |name, text: &str| Some(arguments([(name, text.into())]).into());
    match setting {
        "AuditLogConfiguration" => {
            let off = || KnownValue::from("DISABLED");
            let levels =
                [("FileAccessAuditLogLevel", off()), ("FileShareAccessAuditLogLevel", off())];
            Some(arguments(levels).into())
        }
        "AutoImportPolicy" | "DataCompressionType" => Some("NONE".into()),
        "AutomaticBackupRetentionDays" if configuration == LUSTRE => Some(0.into()),
        "AutomaticBackupRetentionDays" => Some(30.into()),
        "CopyTagsToBackups" | "CopyTagsToVolumes" => Some(false.into()),
        "DiskIopsConfiguration" => one("Mode", "AUTOMATIC"),
        "FsrmConfiguration" => Some(arguments([("FsrmServiceEnabled", false.into())]).into()),
        "LogConfiguration" => one("Level", "DISABLED"),
        _ => None,
    }
}

fn map_of<'a>(tree: &'a KnownMap, property: &str) -> Option<&'a KnownMap> {
    tree.get(property).and_then(KnownValue::as_map)
}

fn setting<'a>(tree: &'a KnownMap, configuration: &str, name: &str) -> Option<&'a KnownValue> {
    map_of(tree, configuration)?.get(name).filter(|value| **value != KnownValue::Null)
}

/// A map without a member that no answer shows.
fn without(map: &KnownMap, hidden: &str) -> KnownMap {
    let kept = map.iter().filter(|(name, _)| *name != hidden);
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// True if a file system has a setting as it is declared. `unchanged` says that it was declared so before.
fn is_so(name: &str, shown: Option<&KnownValue>, given: &KnownValue, unchanged: bool) -> bool {
    match (shown, given) {
        (None, _) => unchanged,
        (Some(shown), KnownValue::Map(given)) if name == DIRECTORY => {
            let changed = !unchanged && given.contains_key("Password");
            !changed && same(Form::More, shown, &without(given, "Password").into())
        }
        (Some(shown), given) => same(Form::More, shown, given),
    }
}

/// The settings of a kind that an update says.
fn differing(change: &Change<'_>, configuration: &str, settings: &[&str]) -> KnownMap {
    let differs = |name: &&str| -> Option<(String, KnownValue)> {
        let shown = setting(change.shown, configuration, name);
        let before = setting(change.prior, configuration, name);
        let Some(given) = setting(change.properties, configuration, name) else {
            let default = before.and_then(|_| default(configuration, name))?;
            let is = shown.is_some_and(|shown| same(Form::More, shown, &default));
            return (!is).then(|| ((*name).to_owned(), default));
        };
        if is_so(name, shown, given, before == Some(given)) {
            return None;
        }
        let value = match given.as_map().filter(|_| *name == DIRECTORY) {
            Some(map) => {
                let taken = map.iter().filter(|(name, _)| OF_DIRECTORY.contains(&name.as_str()));
                let taken = taken.map(|(name, value)| (name.clone(), value.clone()));
                KnownValue::Map(taken.collect())
            }
            None => given.clone(),
        };
        Some(((*name).to_owned(), value))
    };
    settings.iter().filter_map(differs).collect()
}

/// The texts of a list that come, and those that go; nothing if none is declared, or was.
fn moved(
    change: &Change<'_>,
    configuration: &str,
    list: &str,
) -> Result<[Vec<String>; 2], DriverError> {
    let texts = |tree: &KnownMap| -> Result<BTreeSet<String>, DriverError> {
        let empty = KnownMap::new();
        Fields::new(map_of(tree, configuration).unwrap_or(&empty), UPDATE_ACTION).names(list)
    };
    let is_declared = setting(change.properties, configuration, list).is_some();
    if !is_declared && setting(change.prior, configuration, list).is_none() {
        return Ok([Vec::new(), Vec::new()]);
    }
    let (wanted, shown, prior) =
        (texts(change.properties)?, texts(change.shown)?, texts(change.prior)?);
    // Without a declaration those go that were declared before.
    let gone = shown.iter().filter(|it| !wanted.contains(*it));
    let gone = gone.filter(|it| is_declared || prior.contains(*it));
    Ok([wanted.difference(&shown).cloned().collect(), gone.cloned().collect()])
}

/// The token of a request: the same for the same request of the same operation, and another one for every
/// other request.
///
/// Source: botocore, model of `fsx`, ClientRequestToken, has 63 characters at most.
fn token<const N: usize>(of: [&str; N], input: &KnownMap) -> KnownValue {
    let text = format!("{} {input:?}", of.join(" "));
    Digest::of(text.as_bytes()).to_string().chars().take(40).collect::<String>().into()
}

fn list(texts: &[String]) -> KnownValue {
    KnownValue::List(texts.iter().map(|text| text.as_str().into()).collect())
}

/// The declared properties as an operation that creates takes them.
fn creatable(properties: &KnownMap) -> KnownMap {
    let mut given = properties.clone();
    if let Some(KnownValue::Map(configuration)) = given.get_mut(OPENZFS) {
        configuration.remove(OPTIONS);
    }
    given
}

/// Source: botocore, model of `fsx`, CreateFileSystemFromBackupRequest, has no OntapConfiguration.
fn not_restored() -> DriverError {
    let message = format!(
        "`{BACKUP}` cannot be given to a file system of ONTAP: a backup of it is restored as a volume; leave it out"
    );
    let property = Some(PropertyPath::root().name(BACKUP));
    DriverError::new(ErrorKind::Invalid { property }, format!("fsx:{RESTORE}"), message)
}

#[async_trait]
impl Kind for FileSystem {
    const FACTS: Facts = Facts {
        type_name: "AWS::FSx::FileSystem",
        noun: "file system",
        service: Service::FSX,
        // The service chooses the ID.
        name: "",
        max_length: 0,
        create: "fsx:CreateFileSystem",
        describe: "DescribeFileSystems",
        delete: "DeleteFileSystem",
        answer: "FileSystem",
        items: "FileSystems",
        id: "FileSystemId",
        tagged: "ResourceARN",
        tags: TagCalls {
            set: "TagResource",
            remove: "UntagResource",
            list: "ListTagsForResource",
            resource: "ResourceARN",
            keys: "TagKeys",
            tags: "Tags",
            shown: "Tags",
            pair: ["Key", "Value"],
            next: Some(["NextToken", "NextToken"]),
        },
        tags_are_map: false,
        status: "Lifecycle",
        // Source: botocore, model of `fsx`, FileSystemLifecycle.
        statuses: Statuses {
            passing: &["CREATING", "UPDATING"],
            failed: &["FAILED", "MISCONFIGURED", "MISCONFIGURED_UNAVAILABLE"],
            deleting: "DELETING",
            gone: "DELETED",
        },
        forms: &[
            ("KmsKeyId", Form::Key),
            (LUSTRE, Form::More),
            (ONTAP, Form::More),
            (OPENZFS, Form::More),
            (WINDOWS, Form::More),
        ],
    };

    const NAMED: bool = false;

    const TOKEN: Option<&'static str> = Some(TOKEN);

    /// A change is carried out when its administrative action is.
    ///
    /// Source: botocore, model of `fsx`, AdministrativeAction.
    fn stage(members: &KnownMap) -> Stage<'_> {
        let stage = Self::FACTS.stage(members);
        let actions = members.get("AdministrativeActions").and_then(KnownValue::as_list);
        let is_under_way = |action: &KnownMap| {
            let text = |name| text_in(action, name).unwrap_or_default();
            let kind = text("AdministrativeActionType");
            (kind == "FILE_SYSTEM_UPDATE" || kind.starts_with("FILE_SYSTEM_ALIAS_"))
                && ["PENDING", "IN_PROGRESS"].contains(&text("Status"))
        };
        let mut actions = actions.unwrap_or_default().iter().filter_map(KnownValue::as_map);
        if stage == Stage::Stable && actions.any(is_under_way) {
            return Stage::Passing("being updated");
        }
        stage
    }

    fn reason(members: &KnownMap) -> Option<&str> {
        text_in(map_of(members, "FailureDetails")?, "Message")
    }

    fn question(asked: Asked<'_>) -> KnownMap {
        let (Asked::Identifier(id) | Asked::Name(id)) = asked;
        arguments([("FileSystemIds", KnownValue::List(vec![id.into()]))])
    }

    fn creation(properties: &KnownMap) -> Result<(&'static str, KnownMap), DriverError> {
        let is_restored = properties.get(BACKUP).is_some_and(|id| *id != KnownValue::Null);
        if is_restored && properties.contains_key(ONTAP) {
            return Err(not_restored());
        }
        let operation = if is_restored { RESTORE } else { CREATE };
        let given = creatable(properties);
        Ok((operation, Self::FACTS.members(operation, &given, &Rules::NONE)?))
    }

    fn shown(members: &KnownMap) -> Result<KnownMap, DriverError> {
        let mut shown = from_description(&Self::FACTS, members, &[])?;
        shown.remove("Tags");
        if let Some(KnownValue::Map(windows)) = shown.get_mut(WINDOWS) {
            let aliases = map_of(members, WINDOWS).and_then(|it| it.get(ALIASES)?.as_list());
            let aliases = aliases.unwrap_or_default().iter().filter_map(KnownValue::as_map);
            let stay = aliases.filter(|it| text_in(it, "Lifecycle") != Some("DELETING"));
            let names = stay.filter_map(|it| text_in(it, "Name")).map(KnownValue::from);
            windows.insert(ALIASES.to_owned(), KnownValue::List(names.collect()));
        }
        if let Some(KnownValue::Map(ontap)) = shown.get_mut(ONTAP) {
            ontap.remove("FsxAdminPassword");
        }
        if let Some(KnownValue::Map(lustre)) = shown.get_mut(LUSTRE) {
            let repository =
                map_of(members, LUSTRE).and_then(|it| map_of(it, "DataRepositoryConfiguration"));
            let names = ["AutoImportPolicy", "ExportPath", "ImportPath", "ImportedFileChunkSize"];
            for name in names {
                let value = repository.and_then(|it| it.get(name));
                lustre.extend(value.map(|value| (name.to_owned(), value.clone())));
            }
        }
        Ok(shown)
    }

    fn attributes(members: &KnownMap) -> KnownMap {
        let places = [
            ("DNSName", at(members, "DNSName")),
            ("Id", at(members, "FileSystemId")),
            ("LustreMountName", at(members, "LustreConfiguration/MountName")),
            ("ResourceARN", at(members, "ResourceARN")),
            ("RootVolumeId", at(members, "OpenZFSConfiguration/RootVolumeId")),
        ];
        let there = places.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        there.collect()
    }

    /// Aliases have calls of their own.
    async fn change(api: &dyn Api, change: &Change<'_>) -> Result<bool, DriverError> {
        let named = || arguments([("FileSystemId", change.identifier.into())]);
        let [come, go] = moved(change, WINDOWS, ALIASES)?;
        let calls = [("AssociateFileSystemAliases", &come), ("DisassociateFileSystemAliases", &go)];
        let mut changed = false;
        for (operation, aliases) in calls {
            if !aliases.is_empty() {
                let mut input = named();
                input.insert(ALIASES.to_owned(), list(aliases));
                let token = token([change.token, operation], &input);
                input.insert(TOKEN.to_owned(), token);
                api.call(operation, input).await?;
                changed = true;
            }
        }
        let mut properties = Self::FACTS.differing(change, &CHANGEABLE, &KnownMap::new());
        for (configuration, settings) in SETTINGS {
            let differing = differing(change, configuration, settings);
            if !differing.is_empty() {
                properties.insert(configuration.to_owned(), differing.into());
            }
        }
        let mut input = Self::FACTS.members(UPDATE, &properties, &Rules::NONE)?;
        for configuration in [ONTAP, OPENZFS] {
            let [come, go] = moved(change, configuration, ROUTES)?;
            for (member, tables) in [("AddRouteTableIds", come), ("RemoveRouteTableIds", go)] {
                if tables.is_empty() {
                    continue;
                }
                let members = input.entry(configuration.to_owned());
                let members = members.or_insert_with(|| KnownMap::new().into());
                if let KnownValue::Map(members) = members {
                    members.insert(member.to_owned(), list(&tables));
                }
            }
        }
        if input.is_empty() {
            return Ok(changed);
        }
        input.extend(named());
        let token = token([change.token, UPDATE], &input);
        input.insert(TOKEN.to_owned(), token);
        api.call(UPDATE, input).await.map(|_| true)
    }

    /// The properties of a file system of OpenZFS hold the options of its deletion.
    fn deletion(identifier: &str, prior: &KnownMap) -> KnownMap {
        let mut input = arguments([("FileSystemId", identifier.into())]);
        let token = token(["DeleteFileSystem"], &input);
        input.insert(TOKEN.to_owned(), token);
        if let Some(options) = setting(prior, OPENZFS, OPTIONS) {
            let options = arguments([(OPTIONS, options.clone())]);
            input.insert(OPENZFS.to_owned(), options.into());
        }
        input
    }
}
