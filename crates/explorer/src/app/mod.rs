//! An app of several stacks, which one process brings to its goal, and every point of such a run.

mod explore;
mod process;

use crate::simulation::Store;
use crate::stack::Variant;

pub use explore::{app_runs, one_app_run};

/// A stack of the app.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AppStack {
    /// Its name. The logical IDs of its resources begin with it.
    pub(crate) name: &'static str,
    pub(crate) template: &'static str,
    /// The stacks whose exports it imports.
    pub(crate) needs: &'static [&'static str],
}

/// The app: a chain of three stacks, of which each imports what the one before exports, and one alone.
pub(crate) const APP: [AppStack; 4] = [
    AppStack { name: "Net", template: include_str!("net.yaml"), needs: &[] },
    AppStack { name: "Play", template: include_str!("play.yaml"), needs: &["Net"] },
    AppStack { name: "Guide", template: include_str!("guide.yaml"), needs: &["Net", "Play"] },
    AppStack { name: "Alone", template: include_str!("alone.yaml"), needs: &[] },
];

/// One run of the app.
#[derive(Clone, Copy, Debug)]
pub struct AppRun {
    /// Its name.
    pub name: &'static str,
    /// Where the app is before it; `None` if it is nowhere.
    from: Option<Variant>,
    to: Option<Variant>,
    /// Where the runs after a disturbed one lead.
    end: Option<Variant>,
    store: Store,
    /// The number of operations, and of stacks, at the same time.
    parallelism: usize,
    /// A verb and a type that are refused.
    refused: Option<(&'static str, &'static str)>,
}

const fn plain(name: &'static str, from: Option<Variant>, to: Option<Variant>) -> AppRun {
    AppRun { name, from, to, end: to, store: Store::Files, parallelism: 1, refused: None }
}

const fn parallel(run: AppRun) -> AppRun {
    AppRun { parallelism: 4, ..run }
}

const FIRST: Option<Variant> = Some(Variant::First);
const CHANGED: Option<Variant> = Some(Variant::Changed);
const RENAMED: Option<Variant> = Some(Variant::Renamed);
const ENDPOINT: &str = "AWS::MediaPackage::OriginEndpoint";

impl AppRun {
    /// All of them. In those that fail, one stack is rolled back, and those that need it are not begun.
    pub const ALL: [Self; 10] = [
        plain("app-create", None, FIRST),
        parallel(plain("app-create-parallel", None, FIRST)),
        plain("app-update", FIRST, CHANGED),
        parallel(plain("app-update-parallel", FIRST, CHANGED)),
        plain("app-replace", FIRST, RENAMED),
        plain("app-delete", FIRST, None),
        parallel(plain("app-delete-parallel", FIRST, None)),
        AppRun {
            refused: Some(("create", ENDPOINT)),
            ..parallel(plain("app-failed-create", None, FIRST))
        },
        AppRun {
            refused: Some(("create", ENDPOINT)),
            end: None,
            ..plain("app-failed-create-back", None, FIRST)
        },
        AppRun {
            refused: Some(("update", ENDPOINT)),
            ..parallel(plain("app-failed-update", FIRST, CHANGED))
        },
    ];

    /// The run of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|run| run.name == name)
    }

    /// The run with its states in this kind of store.
    #[must_use]
    pub fn on(self, store: Store) -> Self {
        Self { store, ..self }
    }

    /// The number of objects that there may be of one resource at once.
    fn limit(self) -> usize {
        1 + usize::from(self.to == RENAMED)
    }
}
