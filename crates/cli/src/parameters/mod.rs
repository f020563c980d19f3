//! The values of parameters, as people give them: on the command line, in files, and those of secret ones
//! from where no other process sees them. What is given no more is kept from the last apply.

mod error;
mod given;
mod run;
mod source;

pub(crate) use self::given::GivenParameters;
pub(crate) use self::run::RunParameters;
pub(crate) use self::source::from_file;
