//! Approval of saved plans: the keys that sign and verify them, and the digest that was approved.
//! The signatures themselves are in `rstack_ops`.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::Args;
use rstack_model::{Digest, ErrorCode, SecretString};
use rstack_ops::{ApprovalError, PlanKeyError, PlanSigner, PlanVerifier, Seal};

use crate::env::Env;
use crate::error::{CommandError, unreadable_hint};

/// The bytes that the file of a key has at most.
const KEY_LIMIT: u64 = 16 * 1024;

/// The conditions under which the plan in a file is carried out.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Approval of a saved plan")]
pub(crate) struct ApprovalArguments {
    #[command(flatten)]
    pub(crate) verify: VerifyArguments,
    /// Apply the saved plan only if it has this digest, which `rstack show FILE` prints.
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    pub(crate) digest: Option<Digest>,
}

/// Whose plan it has to be.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct VerifyArguments {
    /// Accept the saved plan only if this key signed it: the PEM file of a public Ed25519 key, or
    /// `env:NAME` for an environment variable that holds it. Can be repeated.
    #[arg(long, value_name = "KEY", value_parser = KeySource::parse)]
    pub(crate) verify: Vec<KeySource>,
}

/// Where a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
}

impl KeySource {
    /// `env:NAME` is a variable, everything else a file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix("env:") {
            Some("") => Err("expected `env:NAME` or a file".to_owned()),
            Some(name) => Ok(Self::Variable(name.to_owned())),
            None => Ok(Self::File(PathBuf::from(text))),
        }
    }

    fn text(&self, env: &Env, sort: Sort) -> Result<SecretString, KeyFileError> {
        match self {
            Self::Variable(name) => {
                let text = env.variable(name).ok_or_else(|| KeyFileError::Unset(name.clone()))?;
                Ok(SecretString::new(text.to_owned()))
            }
            Self::File(path) => read(env, path, sort),
        }
    }

    fn named(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Variable(name) => format!("env:{name}"),
        }
    }
}

/// Which part of a key is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Private,
    Public,
}

impl Sort {
    /// The permissions that a file must not give: no other user reads a private key, or writes a
    /// public one.
    fn refused(self) -> u32 {
        match self {
            Self::Private => 0o077,
            Self::Public => 0o022,
        }
    }
}

fn digest(text: &str) -> Result<Digest, String> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    Digest::parse(digits).ok_or_else(|| "expected `sha256:` and 64 hexadecimal digits".to_owned())
}

/// Why the key of a signature cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileError {
    /// The environment variable is not set.
    #[error("the environment variable `{0}` is not set or empty")]
    Unset(String),
    /// The file cannot be read.
    #[error("cannot read the key `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others can read or write the file.
    #[error("refusing key `{}`: {exposure}", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// The users that can.
        exposure: Exposure,
        /// True if it is a private key.
        private: bool,
    },
    /// It is no key that can be used here.
    #[error("cannot use the key `{named}`: {problem}")]
    Key {
        /// Where it came from.
        named: String,
        /// The problem with it.
        problem: PlanKeyError,
    },
}

impl From<KeyFileError> for CommandError {
    fn from(error: KeyFileError) -> Self {
        let code = match &error {
            KeyFileError::Unset(_) | KeyFileError::Key { .. } => ErrorCode::KeyUnusable,
            KeyFileError::Read { .. } => ErrorCode::FileNotRead,
            KeyFileError::Exposed { .. } => ErrorCode::FileNotTrusted,
        };
        let hint = match &error {
            KeyFileError::Unset(_) => Some("set it to the text of a PEM file".into()),
            KeyFileError::Read { source, .. } => unreadable_hint(source).or_else(|| {
                Some("give the PEM file of a key, or `env:NAME` for an environment variable".into())
            }),
            KeyFileError::Exposed { path, exposure: Exposure::Mode(_), private } => {
                let mode = if *private { "600" } else { "go-w" };
                Some(format!("run `chmod {mode} {}`", path.display()).into())
            }
            KeyFileError::Exposed { .. } => {
                Some("use a key of your own, or one in an environment variable (`env:NAME`)".into())
            }
            KeyFileError::Key { problem, .. } => Some(match problem {
                PlanKeyError::NotPrivate | PlanKeyError::PublicForPrivate => {
                    "make one with `openssl genpkey -algorithm ed25519 -out plan.key`".into()
                }
                PlanKeyError::NotPublic | PlanKeyError::PrivateForPublic => {
                    "write it with `openssl pkey -in plan.key -pubout -out plan.pub`".into()
                }
            }),
        };
        Self::of(code, &error).with_hint(hint)
    }
}

impl From<ApprovalError> for CommandError {
    fn from(error: ApprovalError) -> Self {
        let hint = match error {
            ApprovalError::Digest { .. } => {
                "nothing was changed; look at this plan with `rstack show FILE`, and approve its \
                 digest or fetch the plan that was approved"
            }
            ApprovalError::NotSigned => {
                "nothing was changed; sign the plan when it is made: `rstack plan --out FILE --sign KEY`"
            }
            ApprovalError::OtherKey { .. } => {
                "nothing was changed; give the public part of the key that signs plans with `--verify`"
            }
            ApprovalError::Signature { .. } => {
                "nothing was changed; the file was changed after it was signed: make a new plan"
            }
        };
        Self::of(ErrorCode::PlanNotApproved, &error).with_hint(Some(hint))
    }
}

/// The signer with this key.
///
/// # Errors
/// If the key cannot be read, others can read it, or it is no private Ed25519 key.
pub(crate) fn signer(env: &Env, key: &KeySource) -> Result<PlanSigner, KeyFileError> {
    let text = key.text(env, Sort::Private)?;
    let named = || key.named();
    PlanSigner::from_pem(&text).map_err(|problem| KeyFileError::Key { named: named(), problem })
}

impl VerifyArguments {
    /// Verifies the plan if keys were given; says whether they were.
    ///
    /// # Errors
    /// If a key cannot be used, or none of them has signed the plan.
    pub(crate) fn check(&self, env: &Env, seal: &Seal) -> Result<bool, CommandError> {
        if self.verify.is_empty() {
            return Ok(false);
        }
        let keys: Vec<PlanVerifier> =
            self.verify.iter().map(|key| verifier(env, key)).collect::<Result<_, _>>()?;
        seal.verify(&keys)?;
        Ok(true)
    }
}

impl ApprovalArguments {
    /// Checks that the plan is the one that was asked for; says whether anything was asked for.
    ///
    /// # Errors
    /// As [`VerifyArguments::check`], and if it has another digest.
    pub(crate) fn check(&self, env: &Env, seal: &Seal) -> Result<bool, CommandError> {
        let verified = self.verify.check(env, seal)?;
        if let Some(digest) = &self.digest {
            seal.approve(digest)?;
        }
        Ok(verified || self.digest.is_some())
    }

    /// The option that was given, if one was.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let verify = (!self.verify.verify.is_empty()).then_some("--verify");
        verify.or_else(|| self.digest.as_ref().map(|_| "--digest"))
    }
}

fn verifier(env: &Env, key: &KeySource) -> Result<PlanVerifier, KeyFileError> {
    let text = key.text(env, Sort::Public)?;
    let named = || key.named();
    PlanVerifier::from_pem(text.expose())
        .map_err(|problem| KeyFileError::Key { named: named(), problem })
}

/// The way in which other users have access to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exposure {
    /// Its permissions.
    #[error("its mode is {0:04o}")]
    Mode(u32),
    /// Its owner, neither the user nor root.
    #[error("it belongs to another user (UID {0})")]
    Owner(u32),
}

/// The way in which other users have one of these permissions on an open file; `None` if they have not.
///
/// # Errors
/// If the system does not tell.
pub(crate) fn exposure(file: &File, permissions: u32) -> io::Result<Option<Exposure>> {
    let metadata = file.metadata()?;
    let user = rustix::process::geteuid().as_raw();
    Ok(judged(user, (metadata.uid(), metadata.mode()), permissions))
}

/// The same for a file with this owner and mode. Root can write every file.
fn judged(user: u32, (owner, mode): (u32, u32), permissions: u32) -> Option<Exposure> {
    let mode = mode & 0o7777;
    match owner {
        owner if owner != user && owner != 0 => Some(Exposure::Owner(owner)),
        _ => (mode & permissions != 0).then_some(Exposure::Mode(mode)),
    }
}

fn read(env: &Env, path: &Path, sort: Sort) -> Result<SecretString, KeyFileError> {
    let failed = |source| KeyFileError::Read { path: path.to_owned(), source };
    let file = File::open(env.path(path)).map_err(failed)?;
    if let Some(exposure) = exposure(&file, sort.refused()).map_err(failed)? {
        let (path, private) = (path.to_owned(), sort == Sort::Private);
        return Err(KeyFileError::Exposed { path, exposure, private });
    }
    let mut text = String::new();
    file.take(KEY_LIMIT).read_to_string(&mut text).map_err(failed)?;
    Ok(SecretString::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_file_or_a_variable() {
        let parsed = |text| KeySource::parse(text).unwrap();
        assert_eq!(parsed("plan.key"), KeySource::File("plan.key".into()));
        assert_eq!(parsed("./env:x"), KeySource::File("./env:x".into()));
        assert_eq!(parsed("env:PLAN_KEY"), KeySource::Variable("PLAN_KEY".into()));
        assert!(KeySource::parse("env:").is_err());
    }

    #[test]
    fn a_file_is_the_users_own_or_roots() {
        let judged = |owner, mode| judged(1000, (owner, 0o100_000 | mode), 0o022);
        for (owner, mode) in [(1000, 0o600), (1000, 0o644), (0, 0o644), (1000, 0o755)] {
            assert_eq!(judged(owner, mode), None, "{owner} {mode:o}");
        }
        for mode in [0o666, 0o620, 0o602, 0o1777] {
            assert_eq!(judged(1000, mode), Some(Exposure::Mode(mode)), "{mode:o}");
            assert_eq!(judged(0, mode), Some(Exposure::Mode(mode)), "{mode:o}");
        }
        assert_eq!(judged(1001, 0o600), Some(Exposure::Owner(1001)));
        assert_eq!(super::judged(0, (1001, 0o100_600), 0o022), Some(Exposure::Owner(1001)));
        assert_eq!(super::judged(1000, (1000, 0o100_640), 0o077), Some(Exposure::Mode(0o640)));
    }

    #[test]
    fn a_digest_is_whole() {
        let digits = "0123456789abcdef".repeat(4);
        assert_eq!(digest(&digits).unwrap().as_str(), digits);
        assert_eq!(digest(&format!("sha256:{digits}")).unwrap().as_str(), digits);
        for text in ["", "sha256:", &digits[..63], &digits.to_uppercase(), "sha1:0123"] {
            assert!(digest(text).is_err(), "{text}");
        }
    }
}
