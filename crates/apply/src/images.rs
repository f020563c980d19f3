//! Container images: which of them their repositories have, and the build and the push of the others before the
//! first change.
//!
//! Nothing is journaled: an image has its tag when all of it was pushed, and not before, and what is there is
//! not built again.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use rstack_driver::{DriverError, ErrorKind, OpenRegistry, RegistryAccess, RegistryLogin};
use rstack_model::{AccountId, Image, ImageBuild, ImagePlace, Region};

use crate::{Engine, SourceError};

/// Why images cannot be published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The repository does not exist.
    #[error(
        "the repository `{repository}` for the images does not exist in account {owner}, {region}"
    )]
    NoRepository {
        /// The repository.
        repository: String,
        /// The account of the stack.
        owner: AccountId,
        /// The Region.
        region: Region,
    },
    /// A registry cannot be asked.
    #[error("cannot ask for the image `{place}`: {error}")]
    Ask {
        /// The image, or the repository.
        place: String,
        /// The answer of the service.
        error: DriverError,
    },
    /// An image cannot be built or pushed, or its files are not those of the plan.
    #[error("{}", .0.message)]
    Build(SourceError),
    /// A repository no longer has an image that it had when the plan was made.
    #[error("the image `{place}` is no longer there: the plan counts on it")]
    Gone {
        /// The place of the image.
        place: String,
    },
    /// The user asked to stop.
    #[error("stopped before all images were pushed; nothing of the stack was changed")]
    Interrupted,
}

/// The program that builds and pushes images.
#[async_trait]
pub trait ImageBuilder: Send + Sync {
    /// Checks that there is such a program.
    ///
    /// # Errors
    /// If there is none.
    fn check(&self) -> Result<(), SourceError>;

    /// Gives the program the credentials of a registry.
    ///
    /// # Errors
    /// If it fails.
    async fn log_in(&self, login: &RegistryLogin) -> Result<(), SourceError>;

    /// Builds an image and pushes it to this address.
    ///
    /// # Errors
    /// If the files of the image are not those of the plan, or the program fails.
    async fn publish(
        &self,
        image: &Image,
        build: &ImageBuild,
        address: &str,
    ) -> Result<(), SourceError>;
}

/// The images that repositories do not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingImages {
    /// Their places.
    pub places: BTreeSet<ImagePlace>,
    /// Notes for the user, such as about a role that cannot be assumed.
    pub notes: BTreeSet<String>,
}

/// A registry that is open, and the addresses of its repositories.
struct Registry {
    open: OpenRegistry,
    addresses: BTreeMap<String, String>,
}

type Registries = BTreeMap<RegistryAccess, Registry>;

fn access(place: &ImagePlace, owner: &AccountId) -> RegistryAccess {
    RegistryAccess { region: place.region.clone(), owner: owner.clone(), role: place.role.clone() }
}

impl Engine {
    /// The images that are not in their repositories, which must be the account's.
    ///
    /// # Errors
    /// [`ImageError`] if a repository does not exist or cannot be asked.
    pub async fn missing_images(
        &self,
        owner: &AccountId,
        places: &BTreeSet<ImagePlace>,
    ) -> Result<MissingImages, ImageError> {
        let registries = &self.open_registries(owner, places).await?;
        let found: Vec<(&ImagePlace, bool)> = stream::iter(places)
            .map(|place| async move {
                Ok::<_, ImageError>((place, self.has_image(registries, owner, place).await?))
            })
            .buffered(self.parallelism.get())
            .try_collect()
            .await?;
        let missing = found.into_iter().filter(|(_, found)| !found);
        Ok(MissingImages {
            places: missing.map(|(place, _)| place.clone()).collect(),
            notes: registries.values().filter_map(|registry| registry.open.note.clone()).collect(),
        })
    }

    /// Builds and pushes the images of a plan that their repositories do not have, one behind the other, and
    /// checks that they have the others.
    ///
    /// # Errors
    /// [`ImageError`] if one cannot be built or pushed. Others may have been: the next run finds them.
    pub async fn publish_images(
        &self,
        owner: &AccountId,
        images: &[Image],
        builder: &dyn ImageBuilder,
    ) -> Result<(), ImageError> {
        let places = images.iter().map(|image| image.place.clone()).collect();
        let registries = &self.open_registries(owner, &places).await?;
        let mut logged_in: BTreeSet<RegistryAccess> = BTreeSet::new();
        for image in images {
            if self.cancel.is_cancelled() {
                return Err(ImageError::Interrupted);
            }
            let place = &image.place;
            if self.has_image(registries, owner, place).await? {
                continue;
            }
            let Some(build) = &image.build else {
                return Err(ImageError::Gone { place: place.to_string() });
            };
            let access = access(place, owner);
            let registry = registries.get(&access).ok_or_else(|| not_open(place))?;
            let failed = |error| ImageError::Ask { place: place.to_string(), error };
            let Some(login) = registry.open.registry.login().await.map_err(failed)? else {
                let recorded = registry.open.registry.record(&place.repository, &place.tag).await;
                recorded.map_err(failed)?;
                continue;
            };
            builder.check().map_err(ImageError::Build)?;
            if logged_in.insert(access) {
                builder.log_in(&login).await.map_err(|error| self.not_built(error))?;
            }
            let address =
                registry.addresses.get(&place.repository).ok_or_else(|| not_open(place))?;
            let address = format!("{address}:{}", place.tag);
            let published = builder.publish(image, build, &address).await;
            published.map_err(|error| self.not_built(error))?;
        }
        Ok(())
    }

    /// The error of a program that failed, or was stopped.
    fn not_built(&self, error: SourceError) -> ImageError {
        if self.cancel.is_cancelled() { ImageError::Interrupted } else { ImageError::Build(error) }
    }

    /// Opens the registries of images and looks for their repositories.
    async fn open_registries(
        &self,
        owner: &AccountId,
        places: &BTreeSet<ImagePlace>,
    ) -> Result<Registries, ImageError> {
        let mut out = Registries::new();
        for place in places {
            let access = access(place, owner);
            let ask = |error| ImageError::Ask { place: place.to_string(), error };
            if !out.contains_key(&access) {
                let open = self.cloud.registry(&access).await.map_err(ask)?;
                let registry = Registry { open, addresses: BTreeMap::new() };
                out.insert(access.clone(), registry);
            }
            let Some(registry) = out.get_mut(&access) else { continue };
            if registry.addresses.contains_key(&place.repository) {
                continue;
            }
            let failed = |error: &DriverError, attempt| self.asking_again(error, attempt);
            let look = || registry.open.registry.repository(&place.repository);
            let Some(address) = self.ask(look, failed).await.map_err(ask)? else {
                let RegistryAccess { region, owner, .. } = access;
                let repository = place.repository.clone();
                return Err(ImageError::NoRepository { repository, owner, region });
            };
            registry.addresses.insert(place.repository.clone(), address);
        }
        Ok(out)
    }

    async fn has_image(
        &self,
        registries: &Registries,
        owner: &AccountId,
        place: &ImagePlace,
    ) -> Result<bool, ImageError> {
        let registry = registries.get(&access(place, owner)).ok_or_else(|| not_open(place))?;
        let failed = |error: &DriverError, attempt| self.asking_again(error, attempt);
        let look = || registry.open.registry.has(&place.repository, &place.tag);
        let found = self.ask(look, failed).await;
        found.map_err(|error| ImageError::Ask { place: place.to_string(), error })
    }
}

fn not_open(place: &ImagePlace) -> ImageError {
    let message = "the repository was not looked for";
    let error = DriverError::new(ErrorKind::Unsupported, "ecr:DescribeRepositories", message);
    ImageError::Ask { place: place.to_string(), error }
}
