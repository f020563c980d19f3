//! The rules of the driver of projects against scripted answers.

use rstack_driver::{
    CreateRequest, DeleteRequest, DirectDriver, ErrorKind, Found, Observed, Removal, UpdateRequest,
};
use rstack_model::{KnownMap, KnownValue, StackName};

use super::project::Project;
use crate::test::journaled_api::{Answer, JournaledApi, done, failure, gone, json, tree};

/// A declared project with more properties.
fn declared(more: &str) -> KnownMap {
    tree(&format!(
        r#"{{"Name":"build","ServiceRole":"r","Artifacts":{{"Type":"NO_ARTIFACTS"}},
            "Source":{{"Type":"NO_SOURCE","BuildSpec":"b"}},
            "Environment":{{"Type":"LINUX_CONTAINER","ComputeType":"BUILD_GENERAL1_SMALL",
            "Image":"i"}}{more}}}"#
    ))
}

/// The project as the service shows it, with more members.
fn shown(more: &str) -> String {
    format!(
        r#"{{"name":"build","arn":"arn:aws:codebuild:eu-west-1:1:project/build","serviceRole":"r",
            "artifacts":{{"type":"NO_ARTIFACTS"}},"source":{{"type":"NO_SOURCE","buildspec":"b"}},
            "projectVisibility":"PRIVATE","badge":{{"badgeEnabled":false}},
            "environment":{{"type":"LINUX_CONTAINER","computeType":"BUILD_GENERAL1_SMALL",
            "image":"i"}},"tags":[{{"key":"rstack:operation","value":"T"}},
            {{"key":"team","value":"video"}}]{more}}}"#
    )
}

fn project(more: &str) -> Answer {
    json(&format!(r#"{{"project":{}}}"#, shown(more)))
}

fn projects(more: &str) -> Answer {
    json(&format!(r#"{{"projects":[{}]}}"#, shown(more)))
}

fn none() -> Answer {
    json(r#"{"projects":[],"projectsNotFound":["build"]}"#)
}

fn creation(more: &str) -> CreateRequest {
    CreateRequest {
        absence_proven: false,
        begun: None,
        stack: StackName::parse("Live").unwrap(),
        address: "Project".into(),
        token: "T".into(),
        properties: declared(more),
    }
}

async fn update(script: &std::sync::Arc<JournaledApi>, prior: &str, properties: &str) {
    let (prior, properties) = (declared(prior), declared(properties));
    let (identifier, token) = ("build".into(), "U".into());
    let request = UpdateRequest { identifier, token, prior, properties };
    Project::new(script.clone()).update(&request).await.unwrap();
}

const WEBHOOK: &str = r#","Triggers":{"Webhook":"true","BuildType":"BUILD",
    "FilterGroups":[[{"Type":"EVENT","Pattern":"PUSH"}]]}"#;

const HOOKED: &str = r#","webhook":{"url":"u","secret":"s","buildType":"BUILD",
    "filterGroups":[[{"type":"EVENT","pattern":"PUSH","excludeMatchedPattern":false}]]}"#;

#[tokio::test]
async fn a_project_is_created_with_the_token_and_then_gets_its_webhook() {
    let script = JournaledApi::new([
        ("CreateProject", project("")),
        ("UpdateProjectVisibility", done()),
        ("CreateWebhook", done()),
        ("BatchGetProjects", projects(HOOKED)),
    ]);
    let more = format!(r#"{WEBHOOK},"Visibility":"PUBLIC_READ","ResourceAccessRole":"x""#);
    let driver = Project::new(script.clone());
    let made = driver.create(&creation(&more), script.as_ref()).await.unwrap();
    assert_eq!(made.physical_id.as_str(), "build");
    assert_eq!(
        made.attributes["Arn"].as_str().unwrap(),
        "arn:aws:codebuild:eu-west-1:1:project/build"
    );
    script.assert_calls_start(&[
        r#"CreateProject {"artifacts":{"type":"NO_ARTIFACTS"},"environment":{"#,
        "effect build",
        concat!(
            r#"UpdateProjectVisibility {"projectArn":"arn:aws:codebuild:eu-west-1:1:project/build","#,
            r#""projectVisibility":"PUBLIC_READ","resourceAccessRole":"x"}"#
        ),
        concat!(
            r#"CreateWebhook {"buildType":"BUILD","filterGroups":[[{"pattern":"PUSH","#,
            r#""type":"EVENT"}]],"projectName":"build"}"#
        ),
        r#"BatchGetProjects {"names":["build"]}"#,
    ]);
}

#[tokio::test]
async fn a_webhook_that_an_attempt_made_is_there_and_a_role_may_not_be_usable_yet() {
    let exists = || failure(ErrorKind::AlreadyExists, "ResourceAlreadyExistsException");
    let script = JournaledApi::new([
        ("CreateProject", project("")),
        ("CreateWebhook", exists()),
        ("BatchGetProjects", projects(HOOKED)),
    ]);
    Project::new(script.clone()).create(&creation(WEBHOOK), script.as_ref()).await.unwrap();
    let refused = async |message: &str| {
        let kind = ErrorKind::Invalid { property: None };
        let mut error = failure(kind, "InvalidInputException").unwrap_err();
        error.message = message.to_owned();
        let script = JournaledApi::new([("CreateProject", Err(error))]);
        let driver = Project::new(script.clone());
        driver.create(&creation(""), script.as_ref()).await.unwrap_err().is_retryable()
    };
    assert!(refused("CodeBuild is not authorized to perform: sts:AssumeRole on r").await);
    assert!(!refused("Invalid image").await);
}

#[tokio::test]
async fn a_project_is_shown_in_the_words_of_templates() {
    let read = async |declared: &KnownMap, answer| {
        let script = JournaledApi::new([("BatchGetProjects", answer)]);
        match Project::new(script).read(&"build".into(), declared).await.unwrap() {
            Observed::Present(object) => Some(object.properties),
            Observed::Absent => None,
        }
    };
    let key = r#","encryptionKey":"arn:aws:kms:eu-west-1:1:alias/mine","vpcConfig":{"subnets":
        ["b","a"]}"#;
    let more = format!(
        "{WEBHOOK}{}",
        r#","EncryptionKey":"alias/mine","VpcConfig":{"Subnets":["a","b"]}"#
    );
    let wanted = declared(&more);
    let seen = read(&wanted, projects(&format!("{HOOKED}{key}"))).await.unwrap();
    for name in ["Source", "Environment", "Artifacts", "EncryptionKey", "VpcConfig"] {
        assert_eq!(seen[name], wanted[name], "{name}");
    }
    assert_eq!(seen["Tags"], tree(r#"{"t":[{"Key":"team","Value":"video"}]}"#)["t"]);
    let filter = &seen["Triggers"].get("FilterGroups").unwrap().as_list().unwrap()[0];
    let filter = filter.as_list().unwrap()[0].as_map().unwrap();
    assert_eq!(filter["Pattern"], "PUSH".into());
    assert_eq!(seen["Triggers"].get("Webhook"), Some(&true.into()));
    assert!(seen["Triggers"].get("secret").is_none());
    let plain = read(&declared(""), projects("")).await.unwrap();
    assert_eq!(plain["Triggers"].get("Webhook"), Some(&false.into()));
    assert_eq!(plain["Visibility"], "PRIVATE".into());
    assert_eq!(plain["BadgeEnabled"], false.into());
    assert_eq!(read(&declared(""), none()).await, None);
}

#[tokio::test]
async fn what_is_declared_no_longer_is_taken_back_and_the_token_stays() {
    let prior = format!(
        r#"{WEBHOOK},"Description":"d","TimeoutInMinutes":5,"ConcurrentBuildLimit":1,
            "VpcConfig":{{"VpcId":"v"}},"Tags":[{{"Key":"a","Value":"b"}}],
            "Visibility":"PUBLIC_READ""#
    );
    let public = shown(HOOKED).replace("PRIVATE", "PUBLIC_READ");
    let script = JournaledApi::new([
        ("BatchGetProjects", json(&format!(r#"{{"projects":[{public}]}}"#))),
        ("UpdateProject", done()),
        ("UpdateProjectVisibility", done()),
        ("DeleteWebhook", done()),
        ("BatchGetProjects", projects("")),
    ]);
    update(&script, &prior, "").await;
    let input = script.input(1);
    let text = |name: &str| input.get(name).cloned().unwrap_or(KnownValue::Null);
    assert_eq!(text("description"), "".into());
    assert_eq!(text("timeoutInMinutes"), 60.into());
    assert_eq!(text("concurrentBuildLimit"), (-1).into());
    assert_eq!(text("vpcConfig"), KnownMap::new().into());
    let tags = tree(r#"{"t":[{"key":"rstack:operation","value":"T"}]}"#);
    assert_eq!(text("tags"), tags["t"]);
    assert_eq!(text("queuedTimeoutInMinutes"), KnownValue::Null);
}

#[tokio::test]
async fn a_webhook_is_changed_only_if_it_differs_and_made_anew_with_another_scope() {
    let operations = async |properties: &str, calls: &[&'static str]| {
        let mut answers = vec![("BatchGetProjects", projects(HOOKED)), ("UpdateProject", done())];
        answers.extend(calls.iter().map(|call| (*call, done())));
        answers.push(("BatchGetProjects", projects(HOOKED)));
        let script = JournaledApi::of(answers);
        update(&script, WEBHOOK, properties).await;
        script.assert_finished();
    };
    operations(WEBHOOK, &[]).await;
    operations(&WEBHOOK.replace("PUSH", "PULL_REQUEST_CREATED"), &["UpdateWebhook"]).await;
    let scope = r#""ScopeConfiguration":{"Name":"n","Scope":"GITHUB_ORGANIZATION"},"FilterG"#;
    let scoped = WEBHOOK.replace(r#""FilterG"#, scope);
    operations(&scoped, &["DeleteWebhook", "CreateWebhook"]).await;
    operations(r#","Triggers":{"Webhook":false}"#, &["DeleteWebhook"]).await;
}

#[tokio::test]
async fn a_project_is_deleted_with_its_webhook() {
    for (more, answers, operations) in [
        (WEBHOOK, vec![("DeleteWebhook", gone()), ("DeleteProject", done())], 2),
        ("", vec![("DeleteProject", gone())], 1),
    ] {
        let script = JournaledApi::of(answers);
        let request = DeleteRequest {
            removal: Removal::Recoverable,
            identifier: "build".into(),
            token: "D".into(),
            prior: declared(more),
        };
        Project::new(script.clone()).delete(&request).await.unwrap();
        script.assert_finished();
        assert_eq!(script.made(), operations);
    }
}

#[tokio::test]
async fn a_project_is_ours_if_it_has_the_token() {
    let find = async |token: &str, answer| {
        let script = JournaledApi::new([("BatchGetProjects", answer)]);
        let request = CreateRequest { token: token.into(), ..creation("") };
        Project::new(script).find(&request).await.unwrap()
    };
    assert!(matches!(find("T", projects("")).await, Found::Ours(_)));
    assert!(matches!(find("X", projects("")).await, Found::Ambiguous { .. }));
    assert_eq!(find("T", none()).await, Found::Absent);
}
