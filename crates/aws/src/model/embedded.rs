//! The models that are part of the program, opened when they are first asked for.

use std::io::Read;
use std::sync::OnceLock;

use super::raw::RawModel;
use super::{ModelError, Service, ServiceModel};

type Opened = OnceLock<Result<ServiceModel, ModelError>>;

impl ServiceModel {
    /// The model of a service.
    ///
    /// # Errors
    /// [`ModelError`] if the embedded data are damaged.
    pub(crate) fn of(service: Service) -> Result<&'static Self, ModelError> {
        static CLOUDFRONT: Opened = OnceLock::new();
        static EC2: Opened = OnceLock::new();
        static IAM: Opened = OnceLock::new();
        static MEDIAPACKAGE: Opened = OnceLock::new();
        static SECRETSMANAGER: Opened = OnceLock::new();
        static SSM: Opened = OnceLock::new();
        static STS: Opened = OnceLock::new();
        let (opened, data): (&'static Opened, &'static [u8]) = match service {
            Service::CloudFront => (&CLOUDFRONT, include_bytes!("../../data/cloudfront.bin")),
            Service::Ec2 => (&EC2, include_bytes!("../../data/ec2.bin")),
            Service::Iam => (&IAM, include_bytes!("../../data/iam.bin")),
            Service::MediaPackage => (&MEDIAPACKAGE, include_bytes!("../../data/mediapackage.bin")),
            Service::SecretsManager => {
                (&SECRETSMANAGER, include_bytes!("../../data/secretsmanager.bin"))
            }
            Service::Ssm => (&SSM, include_bytes!("../../data/ssm.bin")),
            Service::Sts => (&STS, include_bytes!("../../data/sts.bin")),
        };
        opened.get_or_init(|| open(service, data)).as_ref().map_err(Clone::clone)
    }
}

fn open(service: Service, data: &[u8]) -> Result<ServiceModel, ModelError> {
    let damaged = |problem: String| ModelError { service: service.name(), problem };
    let mut json = Vec::new();
    zstd::stream::read::Decoder::new(data)
        .and_then(|mut decoder| decoder.read_to_end(&mut json))
        .map_err(|error| damaged(error.to_string()))?;
    let raw: RawModel =
        serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))?;
    raw.model(service).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use super::super::ShapeKind;
    use super::*;

    #[test]
    fn every_model_opens_and_every_shape_it_names_is_there() {
        for service in Service::ALL {
            let model = ServiceModel::of(service).unwrap();
            let mut open: Vec<&str> = Vec::new();
            for operation in model.operations() {
                open.extend(operation.input.as_deref());
                open.extend(operation.output.as_deref());
            }
            assert!(!open.is_empty(), "{service:?} has no operations");
            let mut seen = std::collections::BTreeSet::new();
            while let Some(name) = open.pop() {
                if !seen.insert(name) {
                    continue;
                }
                match &model.shape(name).unwrap_or_else(|| panic!("{service:?}: {name}")).kind {
                    ShapeKind::Structure { members } => {
                        open.extend(members.values().map(|member| member.shape.as_str()));
                    }
                    ShapeKind::List { member } => open.push(&member.shape),
                    ShapeKind::Map { key, value } => open.extend([&*key.shape, &*value.shape]),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn damaged_data_are_an_error() {
        assert!(open(Service::Sts, b"not zstd").is_err());
    }
}
