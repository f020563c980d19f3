//! All resource types, opened when they are asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::container::Container;
use crate::error::RegistryError;
use crate::nearest::nearest;
use crate::type_schema::TypeSchema;

static DATA: &[u8] = include_bytes!("../data/schemas.bin");

/// The resource types of the CloudFormation registry.
#[derive(Debug)]
pub struct Registry {
    container: Result<Container<'static>, RegistryError>,
    opened: Mutex<BTreeMap<String, Arc<TypeSchema>>>,
}

impl Registry {
    /// The registry that is part of the program.
    pub fn embedded() -> &'static Self {
        static REGISTRY: OnceLock<Registry> = OnceLock::new();
        REGISTRY.get_or_init(|| Self::open(DATA))
    }

    /// The registry in a data file's bytes.
    pub fn open(data: &'static [u8]) -> Self {
        Self { container: Container::open(data), opened: Mutex::default() }
    }

    fn container(&self) -> Result<&Container<'static>, RegistryError> {
        self.container.as_ref().map_err(Clone::clone)
    }

    /// A type's schema; `None` if there is no such type.
    ///
    /// # Errors
    /// If the data are damaged.
    pub fn get(&self, name: &str) -> Result<Option<Arc<TypeSchema>>, RegistryError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(schema) = opened.get(name) {
            return Ok(Some(Arc::clone(schema)));
        }
        let Some(json) = frame(self.container()?, name)? else { return Ok(None) };
        let schema = TypeSchema::parse(&json).map_err(|error| RegistryError::Type {
            type_name: name.to_owned(),
            problem: error.to_string(),
        })?;
        let schema = Arc::new(schema);
        opened.insert(name.to_owned(), Arc::clone(&schema));
        Ok(Some(schema))
    }

    /// True if there is such a type.
    pub fn contains(&self, name: &str) -> bool {
        self.container().is_ok_and(|container| container.position(name).is_some())
    }

    /// The names of all types, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let container = self.container().ok().copied();
        let count = container.map_or(0, |container| container.len());
        (0..count).filter_map(move |position| container.and_then(|c| c.name(position)))
    }

    /// The type whose name is most like this one, if one is like it.
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        nearest(name, self.names())
    }
}

/// The decompressed frame of a type; `None` if there is no such type.
pub(crate) fn frame(
    container: &Container<'_>,
    name: &str,
) -> Result<Option<Vec<u8>>, RegistryError> {
    let Some(position) = container.position(name) else { return Ok(None) };
    let problem = |problem: String| RegistryError::Type { type_name: name.to_owned(), problem };
    let frame = container.frame(position).ok_or_else(|| problem("no frame".to_owned()))?;
    let mut decompressor = zstd::bulk::Decompressor::with_dictionary(container.dictionary)
        .map_err(|error| problem(error.to_string()))?;
    let json = decompressor
        .decompress(frame.bytes, frame.plain_length)
        .map_err(|error| problem(error.to_string()))?;
    Ok(Some(json))
}
