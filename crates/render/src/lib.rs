//! Events, plans and diagnostics as terminal text, JSON and graph formats.
