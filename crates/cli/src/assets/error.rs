//! The errors of assets.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use rstack_apply::{AssetError, ImageError, SourceError};
use rstack_driver::{DEFAULT_QUALIFIER, DriverError};
use rstack_model::ErrorCode;
use rstack_template::ManifestError;

use crate::assembly::assembly_file_hint;
use crate::error::{CommandError, Hint, cloud_hint};
use crate::files::FileError;

/// Why the assets of a stack cannot be published.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssetsError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// An asset manifest cannot be understood.
    #[error("`{}` is not an asset manifest", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The mistake.
        source: ManifestError,
    },
    /// A path leads out of the assembly.
    #[error("the asset `{}` is outside of `{}`", path.display(), assembly.display())]
    Outside {
        /// The path.
        path: PathBuf,
        /// The outermost assembly.
        assembly: PathBuf,
    },
    /// There is no program that builds container images.
    #[error("the container images of the app need `{program}`, which is not on the `PATH`")]
    NoDocker {
        /// The program.
        program: String,
    },
    /// The program cannot be run.
    #[error("cannot run `{}`", program.display())]
    DockerStart {
        /// The program.
        program: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The program failed.
    #[error("`{} {command}` failed: {status}{}", program.display(), quoted(.said))]
    Docker {
        /// The program.
        program: PathBuf,
        /// Its command.
        command: String,
        /// Its end.
        status: ExitStatus,
        /// The end of its output, if that was not shown.
        said: String,
    },
    /// A command would make the asset.
    #[error("`{}` has the asset `{name}`, which a command makes: rstack runs none", path.display())]
    Command {
        /// The asset manifest.
        path: PathBuf,
        /// The name of the asset.
        name: String,
    },
    /// A folder is to be uploaded as it is.
    #[error("the asset `{}` is a folder, and is not to be packed", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// Folders are nested too deeply.
    #[error("`{}` is nested too deeply, or a link leads to a folder around it", path.display())]
    TooDeep {
        /// The folder.
        path: PathBuf,
    },
    /// There are too many bytes.
    #[error("the asset `{}` has more than {limit} MiB", path.display())]
    TooLarge {
        /// The asset.
        path: PathBuf,
        /// The bound, in mebibytes.
        limit: u64,
    },
    /// The path is not UTF-8 text.
    #[error("the path `{}` is not UTF-8 text", path.display())]
    NotText {
        /// The path.
        path: PathBuf,
    },
    /// A file cannot be read to its end.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The temporary file of an asset cannot be written.
    #[error("cannot write a temporary file for `{}`", path.display())]
    Temporary {
        /// The asset or a file of it.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The files are not those that the plan was made with.
    #[error("the files of the asset `{}` changed since the plan was made", path.display())]
    Changed {
        /// The asset.
        path: PathBuf,
    },
    /// Reading was cut off.
    #[error("reading an asset was cut off")]
    CutOff,
    /// A bucket cannot be used, or an upload failed.
    #[error(transparent)]
    Publish(#[from] AssetError),
    /// A repository cannot be used, or an image cannot be built or pushed.
    #[error(transparent)]
    Images(#[from] ImageError),
}

fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" ({said})") }
}

impl AssetsError {
    /// The code of the error.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::File(error) => error.code(),
            Self::Manifest { .. } => ErrorCode::InvalidAssembly,
            Self::Outside { .. } => ErrorCode::FileOutsideProject,
            Self::Command { .. } => ErrorCode::AssetNotSupported,
            Self::NoDocker { .. } | Self::DockerStart { .. } | Self::Docker { .. } => {
                ErrorCode::ImageNotBuilt
            }
            Self::Folder { .. } => ErrorCode::FileKind,
            Self::TooDeep { .. } | Self::TooLarge { .. } => ErrorCode::FileTooLarge,
            Self::NotText { .. } | Self::Read { .. } => ErrorCode::FileNotRead,
            Self::Temporary { .. } => ErrorCode::FileNotWritten,
            Self::Changed { .. } => ErrorCode::PlanOutdated,
            Self::CutOff => ErrorCode::Internal,
            Self::Publish(error) => publish_code(error),
            Self::Images(error) => images_code(error),
        }
    }

    fn hint(&self) -> Option<Hint> {
        let hint = match self {
            Self::File(error) => return assembly_file_hint(error),
            Self::Manifest { .. } => "run `cdk synth` again",
            Self::Outside { .. } => {
                "let the CDK copy assets into `cdk.out`: take `aws:cdk:disable-asset-staging` out of the \
                 context, and run `cdk synth` again"
            }
            Self::NoDocker { .. } | Self::DockerStart { .. } => {
                "nothing was changed; install Docker, or name a program with the same arguments in the \
                 variable `CDK_DOCKER`"
            }
            Self::Docker { .. } => {
                "nothing of the stack was changed; what the program said is above"
            }
            Self::Command { .. } => {
                "nothing was changed; give the app the file that the command makes"
            }
            Self::Folder { .. } => "run `cdk synth` again",
            Self::TooDeep { .. } | Self::TooLarge { .. } => {
                "leave out what the asset does not need, with `exclude` in the app"
            }
            Self::NotText { .. } => "rename it",
            Self::Read { .. } | Self::CutOff => return None,
            Self::Temporary { .. } => {
                "make room in the folder for temporary files, or set `TMPDIR` to another one"
            }
            Self::Changed { .. } => "nothing of the stack was changed; plan again",
            Self::Publish(error) => return publish_hint(error),
            Self::Images(error) => return images_hint(error),
        };
        Some(Hint::from(hint))
    }

    /// The error as one of the files of an asset.
    pub(super) fn of_source(&self) -> SourceError {
        let mut message = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        let hint = self.hint().map(|hint| hint.show(&|words| words.join(" ")));
        SourceError { code: self.code(), message, hint }
    }
}

fn publish_code(error: &AssetError) -> ErrorCode {
    match error {
        AssetError::NoBucket { .. } => ErrorCode::NotBootstrapped,
        AssetError::Refused { error, .. }
        | AssetError::Ask { error, .. }
        | AssetError::Upload { error, .. } => error.error_code(),
        AssetError::Source(error) => error.code,
        AssetError::Gone { .. } => ErrorCode::PlanOutdated,
        AssetError::Interrupted => ErrorCode::Interrupted,
    }
}

fn publish_hint(error: &AssetError) -> Option<Hint> {
    let of_cloud = |error: &DriverError| cloud_hint(error).map(Hint::from);
    match error {
        AssetError::NoBucket { bucket, owner, region } => {
            let place = format!("aws://{owner}/{region}");
            let hint = Hint::from("make it with ");
            Some(match qualifier(bucket) {
                None => Hint::from("create the bucket that the app names in its synthesizer"),
                Some(DEFAULT_QUALIFIER) => hint.command(&["bootstrap", &place]),
                Some(other) => hint.command(&["bootstrap", &place, "--qualifier", other]),
            })
        }
        AssetError::Refused { .. } => Some(Hint::from(
            "take a bucket of the stack's own account in the app's synthesizer, or ask for the permission",
        )),
        AssetError::Ask { error, .. } | AssetError::Upload { error, .. } => of_cloud(error),
        AssetError::Source(error) => error.hint.clone().map(Hint::from),
        AssetError::Gone { .. } => Some(Hint::from("nothing of the stack was changed; plan again")),
        AssetError::Interrupted => {
            Some(Hint::from("apply again: what was uploaded is not uploaded again"))
        }
    }
}

fn images_code(error: &ImageError) -> ErrorCode {
    match error {
        ImageError::NoRepository { .. } => ErrorCode::NotBootstrapped,
        ImageError::Ask { error, .. } => error.error_code(),
        ImageError::Build(error) => error.code,
        ImageError::Gone { .. } => ErrorCode::PlanOutdated,
        ImageError::Interrupted => ErrorCode::Interrupted,
    }
}

fn images_hint(error: &ImageError) -> Option<Hint> {
    match error {
        ImageError::NoRepository { owner, region, .. } => Some(Hint::from(format!(
            "`rstack bootstrap` makes no repository: make it with `cdk bootstrap aws://{owner}/{region}`, or \
             create the one that the app names in its synthesizer"
        ))),
        ImageError::Ask { error, .. } => cloud_hint(error).map(Hint::from),
        ImageError::Build(error) => error.hint.clone().map(Hint::from),
        ImageError::Gone { .. } => Some(Hint::from("nothing of the stack was changed; plan again")),
        ImageError::Interrupted => {
            Some(Hint::from("apply again: what was pushed is not built again"))
        }
    }
}

/// The qualifier in the name of a bucket that bootstrapping makes.
fn qualifier(bucket: &str) -> Option<&str> {
    let (qualifier, _) = bucket.strip_prefix("cdk-")?.split_once("-assets-")?;
    Some(qualifier)
}

impl From<AssetsError> for CommandError {
    fn from(error: AssetsError) -> Self {
        Self::of(error.code(), &error).with_hint(error.hint())
    }
}
