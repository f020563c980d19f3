//! `AWS::DynamoDB::Table`.
//!
//! The template chooses the name, and the call that creates makes no second table of it: a table is known
//! again by the token in its tags. DynamoDB takes one change of a table at a time, and each makes it busy
//! for a while. An operation therefore makes its next call each time that it is polled and the table is
//! at rest, until nothing differs from what is declared. What remains to be done is seen from the table:
//! a process that begins a cut-off operation anew goes on where it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rstack_driver::{
    CreateRequest, DriverError, EffectSink, ErrorKind, Finish, Found, NameRule, Object, Observed,
    OperationKind, Pending, Poll, Request, ResourceDriver, Separator, Step, UnsupportedProperty,
    UpdateRequest,
};
use rstack_model::{Cursor, Identifier, KnownMap, PhysicalId, Token};

use super::contents::{attributes, members, shown};
use super::policies::{TAGS, declared as declared_policy, not_yet_visible};
use super::prior::Declared;
use super::settings::{READ, Settings, UPDATE};
use super::{encryption, table_changes};
use crate::api::Api;
use crate::iam::{Fields, arguments, declared_tags, journal_failed, part, text_in, with_token};
use crate::mapping::in_declared_order;
use crate::ownership::needs_tag;
use crate::resource_tags::made_by;

const CREATE: &str = "dynamodb:CreateTable";

/// The time between two questions about the state of a table.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// The cursors of operations: what they make of a table, and that it goes.
const CHANGING: &str = "change";
const DELETING: &str = "delete";

/// The rule for names.
///
/// Source: DynamoDB API reference, CreateTable, `TableName`.
const NAMING: NameRule =
    NameRule { property: "TableName", max_length: 255, separator: Separator::Hyphen };

/// Properties that no call carries out.
const UNSUPPORTED: [UnsupportedProperty; 1] = [UnsupportedProperty {
    property: "ImportSourceSpecification",
    instead: "leave it out, and import the data into a table of its own with \
              `aws dynamodb import-table`",
}];

/// The driver of tables. The physical ID is the name.
pub(super) struct Table {
    api: Arc<dyn Api>,
    /// The operations that this process has begun, by their tokens, with the secrets that they need.
    begun: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<Work>>>>,
}

/// An operation that makes a table as declared.
struct Work {
    request: UpdateRequest,
    /// True if the call that created was given the tags.
    fresh: bool,
    /// The settings that were asked for and may have failed since.
    asked: BTreeSet<String>,
}

fn is_deleting(table: &KnownMap) -> bool {
    text_in(table, "TableStatus") == Some("DELETING")
}

/// True if a table takes a change later: it takes up another one, or its backups are not enabled yet.
fn is_busy(error: &DriverError) -> bool {
    error.has_code("ResourceInUseException")
        || error.has_code("ContinuousBackupsUnavailableException")
}

/// The error of a call about a table that is there: what it does not find is not visible everywhere yet,
/// or is a stream of Kinesis that is not active yet.
///
/// Source: DynamoDB API reference, DescribeTable and EnableKinesisStreamingDestination, Errors.
fn awaited(error: DriverError) -> DriverError {
    if error.kind == ErrorKind::NotFound {
        return DriverError { kind: ErrorKind::DependencyNotReady, ..error };
    }
    error
}

fn pending(cursor: &str, waits_for: String) -> Step {
    Step::Pending(Pending {
        object: None,
        usable: false,
        cursor: Cursor::from(cursor),
        repeatable: true,
        waits_for,
        ask_again_in: ASK_AGAIN,
    })
}

/// The error that a table is not there, or no longer.
fn missing(kind: ErrorKind, name: &str) -> DriverError {
    let message = format!("the table `{name}` does not exist, or is being deleted");
    DriverError::new(kind, READ, message)
}

impl Table {
    pub(super) fn new(api: Arc<dyn Api>) -> Self {
        Self { api, begun: Mutex::default() }
    }

    /// The table as DynamoDB describes it, also one that is being deleted; `None` if there is none.
    async fn described(&self, name: &str) -> Result<Option<KnownMap>, DriverError> {
        let input = arguments([("TableName", name.into())]);
        let answer = self.api.call_if_exists("DescribeTable", input).await?;
        answer.map(|answer| part(&answer, "Table", READ).cloned()).transpose()
    }

    /// The table, unless it is being deleted.
    async fn look(&self, name: &str) -> Result<Option<KnownMap>, DriverError> {
        Ok(self.described(name).await?.filter(|table| !is_deleting(table)))
    }

    /// The table in the vocabulary of the template.
    async fn object(
        &self,
        name: &str,
        table: &KnownMap,
        declared: &KnownMap,
    ) -> Result<Object, DriverError> {
        let mut properties = shown(table, declared)?;
        let both = Declared { prior: declared, wanted: declared };
        let settings = Settings { api: self.api.as_ref(), table, name, declared: both };
        settings.show(&mut properties).await.map_err(awaited)?;
        let keys = ["AttributeName", "IndexName", "Key"];
        let properties = in_declared_order(properties, declared, &keys);
        Ok(Object::named(name.into(), properties, attributes(table)))
    }

    fn begins(&self, work: Work) -> Arc<tokio::sync::Mutex<Work>> {
        let token = work.request.token.as_str().to_owned();
        let work = Arc::new(tokio::sync::Mutex::new(work));
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.insert(token, Arc::clone(&work));
        work
    }

    fn begun(&self, token: &Token) -> Option<Arc<tokio::sync::Mutex<Work>>> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.get(token.as_str()).cloned()
    }

    fn forget(&self, token: &Token) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.remove(token.as_str());
    }

    async fn create(
        &self,
        request: &CreateRequest,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        let fields = Fields::new(&request.properties, CREATE);
        let name = fields.required_identifying("TableName")?;
        let mut input = members(&request.properties, CREATE)?;
        let policy = declared_policy(fields)?;
        input.extend(policy.clone().map(|policy| ("ResourcePolicy".to_owned(), policy)));
        let tags = with_token(fields, &declared_tags(fields)?, &request.token)?;
        input.insert("Tags".to_owned(), TAGS.on_wire(&tags));
        if let Err(error) = self.api.call("CreateTable", input).await {
            let error = needs_tag(error, "table", "dynamodb:TagResource");
            let error = match &policy {
                Some(policy) => not_yet_visible(error, policy),
                None => error,
            };
            return Err(self.refused(&name, error).await);
        }
        let recorded = effects.created_as(&PhysicalId::from(name.as_str())).await;
        recorded.map_err(|error| journal_failed(CREATE, &error))?;
        let waits_for = format!("table `{name}` to be made");
        let request = UpdateRequest {
            identifier: name.as_str().into(),
            token: request.token.clone(),
            prior: KnownMap::new(),
            properties: request.properties.clone(),
        };
        self.begins(Work { request, fresh: true, asked: BTreeSet::new() });
        Ok(pending(CHANGING, waits_for))
    }

    /// The error of a creation: a table that is being deleted has its name for a while.
    async fn refused(&self, name: &str, error: DriverError) -> DriverError {
        if !error.has_code("ResourceInUseException") {
            return error;
        }
        match self.described(name).await {
            Ok(Some(table)) if !is_deleting(&table) => {
                let message = format!(
                    "the table `{name}` exists already; if it was not made by this run, delete it, \
                     or leave this one out of the template"
                );
                DriverError { kind: ErrorKind::AlreadyExists, message, ..error }
            }
            Ok(_) | Err(_) => error,
        }
    }

    /// Makes the next calls of an operation, as far as the table takes them now.
    async fn go_on(&self, work: &mut Work) -> Result<Step, DriverError> {
        let Work { request, fresh, asked } = work;
        let name = request.identifier.only();
        let declared = Declared { prior: &request.prior, wanted: &request.properties };
        let members = members(&request.properties, UPDATE)?;
        // With nothing declared before, this completes a create: it may not be visible yet.
        let kind = match request.prior.is_empty() {
            true => ErrorKind::DependencyNotReady,
            false => ErrorKind::NotFound,
        };
        let table = self.look(name).await?.ok_or_else(|| missing(kind, name))?;
        if let Some(waits_for) = table_changes::passing(&table) {
            return Ok(pending(CHANGING, waits_for));
        }
        if let Some(input) = table_changes::next(&table, &members, declared, UPDATE)? {
            let waits_for = format!("the change of table `{name}`");
            let encrypts = encryption::is_in(&input);
            self.update_table(name, input, (&members, declared)).await?;
            if encrypts {
                encryption::forget_key(&mut request.prior);
            }
            return Ok(pending(CHANGING, waits_for));
        }
        let settings = Settings { api: self.api.as_ref(), table: &table, name, declared };
        let changed = settings.change(asked, *fresh).await.map_err(awaited);
        let changed = match changed {
            // A change that arrived twice is refused the second time: what is there is seen anew.
            Err(error) if matches!(error.kind, ErrorKind::Invalid { .. }) => {
                settings.change(asked, *fresh).await.map_err(awaited)
            }
            changed => changed,
        };
        match changed {
            Ok(None) => {}
            Ok(Some(waits_for)) => return Ok(pending(CHANGING, waits_for)),
            Err(error) if is_busy(&error) => {
                return Ok(pending(CHANGING, format!("table `{name}`, which is in use")));
            }
            Err(error) => return Err(error),
        }
        Ok(Step::made(Object::named(name.into(), request.properties.clone(), attributes(&table))))
    }

    /// Makes a change of the table. One that arrived twice is refused the second time, because the table
    /// is busy with it, or has it.
    async fn update_table(
        &self,
        name: &str,
        mut input: KnownMap,
        (members, declared): (&KnownMap, Declared<'_>),
    ) -> Result<(), DriverError> {
        let change = input.clone();
        input.insert("TableName".to_owned(), name.into());
        let Err(error) = self.api.call("UpdateTable", input).await else { return Ok(()) };
        let in_use = error.has_code("ResourceInUseException");
        if in_use || encryption::has_already(&error) {
            return Ok(());
        }
        if !matches!(error.kind, ErrorKind::Invalid { .. } | ErrorKind::Conflict) {
            return Err(error);
        }
        let Some(table) = self.look(name).await? else { return Err(error) };
        let still = table_changes::next(&table, members, declared, UPDATE)?;
        let is_made = table_changes::passing(&table).is_some() || still != Some(change);
        if is_made { Ok(()) } else { Err(error) }
    }

    async fn delete(&self, name: &str) -> Result<Step, DriverError> {
        let goes = |waits_for| Ok(pending(DELETING, waits_for));
        let Some(table) = self.described(name).await? else {
            return Ok(Step::Done(Finish::Gone));
        };
        if is_deleting(&table) {
            return goes(format!("table `{name}` to be gone"));
        }
        if let Some(status @ ("CREATING" | "UPDATING")) = text_in(&table, "TableStatus") {
            return goes(format!("table `{name}`, which is {status}"));
        }
        let input = arguments([("TableName", name.into())]);
        match self.api.call("DeleteTable", input).await {
            Ok(_) => goes(format!("table `{name}` to be gone")),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Step::Done(Finish::Gone)),
            // An index of it is being changed.
            Err(error) if error.has_code("ResourceInUseException") => {
                goes(format!("table `{name}`, which is in use"))
            }
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl ResourceDriver for Table {
    fn name(&self) -> &'static str {
        "native"
    }

    fn naming(&self) -> Option<NameRule> {
        Some(NAMING)
    }

    fn unsupported(&self) -> &'static [UnsupportedProperty] {
        &UNSUPPORTED
    }

    async fn read(
        &self,
        identifier: &Identifier,
        declared: &KnownMap,
    ) -> Result<Observed, DriverError> {
        let name = identifier.only();
        Ok(match self.look(name).await? {
            Some(table) => Observed::Present(self.object(name, &table, declared).await?),
            None => Observed::Absent,
        })
    }

    async fn begin(
        &self,
        request: &Request,
        effects: &dyn EffectSink,
    ) -> Result<Step, DriverError> {
        match request {
            Request::Create(request) => self.create(request, effects).await,
            Request::Update(request) => {
                let (request, asked) = (request.clone(), BTreeSet::new());
                let work = self.begins(Work { request, fresh: false, asked });
                self.go_on(&mut *work.lock().await).await
            }
            Request::Delete(request) => self.delete(request.identifier.only()).await,
            Request::DeleteWithSnapshot { .. } => Err(Request::takes_no_snapshot()),
        }
    }

    async fn poll(&self, poll: &Poll) -> Result<Step, DriverError> {
        let Poll { kind, identifier, token, .. } = poll;
        if let (OperationKind::Delete, Some(identifier)) = (kind, identifier) {
            return self.delete(identifier.only()).await;
        }
        let Some(work) = self.begun(token) else {
            let message = "the operation was begun by another process: it is begun anew";
            return Err(DriverError::new(ErrorKind::NotFound, UPDATE, message));
        };
        self.go_on(&mut *work.lock().await).await
    }

    async fn find(&self, request: &CreateRequest) -> Result<Found, DriverError> {
        let fields = Fields::new(&request.properties, READ);
        let name = fields.required_identifying("TableName")?;
        let Some(table) = self.look(&name).await? else { return Ok(Found::Absent) };
        let arn = text_in(&table, "TableArn").unwrap_or_default();
        let tags = TAGS.of(self.api.as_ref(), arn).await?.unwrap_or_default();
        if made_by(&tags, &request.token) {
            let (name, declared) = (name.as_str().into(), request.properties.clone());
            let object = Object::named(name, declared, attributes(&table));
            return Ok(Found::Ours(Box::new(object)));
        }
        if tags.is_empty() && text_in(&table, "TableStatus") == Some("CREATING") {
            let message = format!("the tags of the table `{name}` are not visible yet");
            return Err(DriverError::new(ErrorKind::DependencyNotReady, READ, message));
        }
        let why = format!(
            "the table `{name}` exists, and its tags do not say that this operation made it"
        );
        Ok(Found::Ambiguous { why })
    }

    async fn recorded(&self, token: &Token) -> Result<(), DriverError> {
        self.forget(token);
        Ok(())
    }
}
