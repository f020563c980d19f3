//! The data rstack works on: identifiers, values, plans, states, events, diagnostics.
