//! The list of all objects of a sandbox, whatever their account and Region.

use rstack_model::{AccountId, ObjectKey, PhysicalId, Region, ResourceType};

use crate::cloud::ACCOUNT;
use crate::inventory::GLOBAL_SCOPE;
use crate::{SandboxCloud, SandboxError};

/// An object of a sandbox, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    /// Its key.
    pub key: ObjectKey,
    /// The value of `Ref` for it.
    pub physical_id: PhysicalId,
    /// Its account.
    pub account: AccountId,
    /// Its Region; `None` if it is in none.
    pub region: Option<Region>,
}

impl SandboxCloud {
    /// All objects of the sandbox, by account, Region and type.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn list_all(&self) -> Result<Vec<ListedObject>, SandboxError> {
        self.inner.with(|view| {
            let mut out = Vec::new();
            for (scope, types) in &view.inventory.objects {
                let (account, region) = scope.split_once('/').unwrap_or((ACCOUNT, scope));
                let region = (region != GLOBAL_SCOPE).then(|| Region::from(region));
                for (resource_type, objects) in types {
                    let resource_type = ResourceType::from(resource_type.as_str());
                    out.extend(objects.values().map(|stored| ListedObject {
                        key: ObjectKey::new(resource_type.clone(), stored.identifier.clone()),
                        physical_id: PhysicalId::from(stored.physical_id.as_str()),
                        account: AccountId::from(account),
                        region: region.clone(),
                    }));
                }
            }
            // What is in no Region comes first.
            out.sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
            out
        })
    }
}
