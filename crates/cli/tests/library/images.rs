//! Container images of an app: built and pushed with a program that stands for Docker, into a registry that
//! knows what it pushed.

use std::os::unix::fs::PermissionsExt as _;

use rstack_driver::{
    BucketAccess, ImageRegistry, OpenBucket, OpenRegistry, RegistryAccess, RegistryLogin,
};
use serde_json::{Value as Json, json};

use super::*;

const HOST: &str = "000000000000.dkr.ecr.eu-west-1.amazonaws.com";
const PASSWORD: &str = "hunter2-of-the-registry";

/// An account with a registry. An image is there once the program was called to push it.
struct WithRegistry {
    inner: SandboxCloud,
    /// The calls of the program, one a line.
    log: PathBuf,
}

impl WithRegistry {
    fn new(place: &Path) -> Arc<Self> {
        let region = Region::new("eu-west-1");
        let inner = SandboxCloud::open(None, region, SandboxOptions::default()).unwrap();
        Arc::new(Self { inner, log: place.join("docker.log") })
    }
}

#[async_trait]
impl Cloud for WithRegistry {
    async fn identity(&self) -> Result<Identity, DriverError> {
        self.inner.identity().await
    }

    fn driver(&self, resource_type: &ResourceType) -> Option<Arc<dyn ResourceDriver>> {
        self.inner.driver(resource_type)
    }

    async fn lookup(&self, lookup: &Lookup) -> Result<Value, DriverError> {
        self.inner.lookup(lookup).await
    }

    fn secrets(&self) -> &dyn SecretStore {
        self.inner.secrets()
    }

    async fn bucket(&self, access: &BucketAccess) -> Result<OpenBucket, DriverError> {
        self.inner.bucket(access).await
    }

    async fn registry(&self, access: &RegistryAccess) -> Result<OpenRegistry, DriverError> {
        assert_eq!(access.owner.as_str(), "000000000000");
        let registry = Arc::new(Scripted { log: self.log.clone() });
        Ok(OpenRegistry { registry, note: None })
    }
}

struct Scripted {
    log: PathBuf,
}

#[async_trait]
impl ImageRegistry for Scripted {
    async fn repository(&self, name: &str) -> Result<Option<String>, DriverError> {
        Ok((name != "missing").then(|| format!("{HOST}/{name}")))
    }

    async fn has(&self, repository: &str, tag: &str) -> Result<bool, DriverError> {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        Ok(log.contains(&format!("push {HOST}/{repository}:{tag}\n")))
    }

    async fn login(&self) -> Result<Option<RegistryLogin>, DriverError> {
        Ok(Some(RegistryLogin {
            user: "AWS".to_owned(),
            password: SecretString::new(PASSWORD.to_owned()),
            endpoint: format!("https://{HOST}"),
        }))
    }

    async fn record(&self, _: &str, _: &str) -> Result<(), DriverError> {
        panic!("images are pushed")
    }
}

/// An app with one image, and a program that notes its arguments, and its input beside them.
fn app() -> (tempfile::TempDir, Arc<WithRegistry>) {
    let folder = place();
    let at = folder.path();
    let write = |name: &str, text: &str| {
        let path = at.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let artifacts = json!({
        "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
        "App": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
                "properties": {"templateFile": "App.json"}, "dependencies": ["App.assets"]},
    });
    write(
        "cdk.out/manifest.json",
        &json!({"version": "36.0.0", "artifacts": artifacts}).to_string(),
    );
    write("cdk.out/App.json", r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}"#);
    write("cdk.out/App.assets.json", &assets("repo/app").to_string());
    write("cdk.out/asset.a1/Dockerfile", "FROM scratch\n");
    let log = at.join("docker.log");
    let script = format!(
        "#!/bin/sh\necho \"$(basename \"$PWD\")|$*\" >> '{log}'\nenv | grep -E 'RSTACK_|AWS_' >> '{log}'\n\
         case $1 in login) cat > '{log}.input';; esac\n\
         if [ \"$1\" = \"$FAILS\" ]; then echo 'no such host' >&2; exit 3; fi\necho \"said by $1\"\n",
        log = log.display()
    );
    write("bin/docker", &script);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(at.join("bin/docker"), mode).unwrap();
    let cloud = WithRegistry::new(at);
    (folder, cloud)
}

fn assets(repository: &str) -> Json {
    let source = json!({"directory": "asset.a1", "dockerFile": "Dockerfile", "dockerBuildArgs": {"A": "x y"},
                        "dockerBuildTarget": "prod"});
    let destination = json!({"repositoryName": repository, "imageTag": "t1"});
    json!({"version": "36.0.0", "files": {}, "dockerImages": {"A1b2": {
        "displayName": "Api", "source": source, "destinations": {"d": destination}}}})
}

fn run_in(place: &Path, cloud: &Arc<WithRegistry>, more: &[(&str, &str)], line: &[&str]) -> Ran {
    let path = format!("{}:/usr/bin:/bin", place.join("bin").display());
    let variables = [&PLAIN[..], &[("PATH", path.as_str())], more].concat();
    ran_with(&variables, place, line, None, Account(Some(cloud.clone())))
}

fn log(place: &Path) -> String {
    std::fs::read_to_string(place.join("docker.log")).unwrap_or_default()
}

#[test]
fn an_image_is_built_and_pushed_once_and_before_the_first_change() {
    let (folder, cloud) = app();
    let place = folder.path();
    let plan = run_in(place, &cloud, &[], &["plan", "cdk.out"]);
    let line = "cdk.out/asset.a1 → repo/app:t1  image, 1 file, 13 B  docker build --build-arg A=x y --target \
                prod --file Dockerfile";
    let shown = plan.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains(&line.split_whitespace().collect::<Vec<_>>().join(" ")), "{}", plan.out);
    assert!(plan.out.contains("1 image to build."), "{}", plan.out);
    assert_eq!(log(place), "", "a plan builds nothing");

    let secret =
        [("RSTACK_PARAMETER_Key", "secret-of-a-parameter"), ("AWS_SESSION_TOKEN", "secret-of-aws")];
    let applied = run_in(place, &cloud, &secret, &["apply", "cdk.out", "--yes"]);
    assert!(applied.exit == Exit::Done, "{}", applied.err);
    let here = place.file_name().unwrap().to_str().unwrap();
    let expected = format!(
        "{here}|login --username AWS --password-stdin https://{HOST}\n\
         asset.a1|build --build-arg A=x y --target prod --file Dockerfile --tag rstack-asset:t1 .\n\
         {here}|tag rstack-asset:t1 {HOST}/repo/app:t1\n{here}|push {HOST}/repo/app:t1\n"
    );
    assert_eq!(log(place), expected);
    let input = std::fs::read_to_string(place.join("docker.log.input")).unwrap();
    assert_eq!(input, PASSWORD);
    for text in [&applied.out, &applied.err, &log(place)] {
        assert!(!text.contains(PASSWORD) && !text.contains("secret-of"), "{text}");
    }
    let pushed = applied.err.find("docker | said by push").unwrap();
    assert!(pushed < applied.err.find("creating").unwrap(), "{}", applied.err);
    assert!(!applied.err.contains("said by login"), "{}", applied.err);

    let again = run_in(place, &cloud, &[], &["plan", "cdk.out", "--detailed-exitcode"]);
    assert!(
        again.exit == Exit::Done && again.out.contains("1 asset is there already"),
        "{}",
        again.out
    );
    run_in(place, &cloud, &[], &["apply", "cdk.out", "--yes"]);
    assert_eq!(log(place), expected, "what is there is not built again");
}

#[test]
fn without_the_program_nothing_is_changed() {
    let (folder, cloud) = app();
    let place = folder.path();
    let refused = |more: &[(&str, &str)], facts: &[&str]| {
        let ran = run_in(place, &cloud, more, &["apply", "cdk.out", "--yes"]);
        assert!(ran.exit == Exit::Error, "{}", ran.err);
        for fact in facts {
            assert!(ran.err.contains(fact), "no `{fact}` in {}", ran.err);
        }
        assert!(cloud.inner.list().unwrap().is_empty(), "nothing was made");
    };
    let path = place.join("nothing").display().to_string();
    let absent = ["error[image-not-built]", "`docker`, which is not on the `PATH`", "`CDK_DOCKER`"];
    refused(&[("PATH", path.as_str())], &absent);
    refused(&[("CDK_DOCKER", "./bin/podman")], &["error[image-not-built]", "`./bin/podman`"]);
    refused(&[("FAILS", "login")], &["error[image-not-built]", "login` failed", "no such host"]);
    refused(
        &[("FAILS", "build")],
        &["error[image-not-built]", "build` failed", "docker | no such host"],
    );
    refused(&[("FAILS", "push")], &["error[image-not-built]", "push` failed"]);
    std::fs::write(place.join("cdk.out/App.assets.json"), assets("missing").to_string()).unwrap();
    let missing =
        ["error[not-bootstrapped]", "`missing`", "cdk bootstrap aws://000000000000/eu-west-1"];
    refused(&[], &missing);
}

#[test]
fn a_saved_plan_builds_what_it_was_made_with_or_nothing() {
    let (folder, cloud) = app();
    let place = folder.path();
    let saved = run_in(place, &cloud, &[], &["plan", "cdk.out", "--out", "x.plan"]);
    assert!(saved.exit == Exit::Done, "{}", saved.err);
    std::fs::write(place.join("cdk.out/asset.a1/Dockerfile"), "FROM evil\n").unwrap();
    let refused = run_in(place, &cloud, &[], &["apply", "x.plan", "--yes"]);
    assert!(refused.err.contains("error[plan-outdated]"), "{}", refused.err);
    assert!(!log(place).contains("build"), "{}", log(place));
    std::fs::write(place.join("cdk.out/asset.a1/Dockerfile"), "FROM scratch\n").unwrap();
    let program = [("CDK_DOCKER", "bin/docker")];
    let applied = run_in(place, &cloud, &program, &["apply", "x.plan", "--yes"]);
    assert!(applied.exit == Exit::Done && log(place).contains("push"), "{}", applied.err);
}
