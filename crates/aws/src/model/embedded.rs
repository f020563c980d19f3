//! The models that are part of the program, opened when they are first asked for.

use std::io::Read;

use super::raw::RawModel;
use super::{ModelError, Service, ServiceModel};
use crate::definition::Once;

impl ServiceModel {
    /// The model of a service.
    ///
    /// # Errors
    /// [`ModelError`] if the embedded data are damaged.
    pub(crate) fn of(service: Service) -> Result<&'static Self, ModelError> {
        static MODELS: Once<Service, Result<ServiceModel, ModelError>> = Once::new();
        let opened = MODELS.get(service, || open(service, service.model_bytes()));
        opened.as_ref().map_err(Clone::clone)
    }
}

fn open(service: Service, data: &[u8]) -> Result<ServiceModel, ModelError> {
    let damaged = |problem: String| ModelError { service: service.name(), problem };
    let protocol = service.file().map_err(|error| damaged(error.to_string()))?.protocol;
    let json = decompressed(data).map_err(damaged)?;
    let raw: RawModel =
        serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))?;
    raw.model(service, protocol).map_err(damaged)
}

/// The content of a data file.
pub(crate) fn decompressed(data: &[u8]) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    zstd::stream::read::Decoder::new(data)
        .and_then(|mut decoder| decoder.read_to_end(&mut content))
        .map_err(|error| error.to_string())?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::super::ShapeKind;
    use super::*;

    #[test]
    fn every_model_opens_and_every_shape_it_names_is_there() {
        for &service in Service::ALL {
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
        assert!(open(Service::STS, b"not zstd").is_err());
    }
}
