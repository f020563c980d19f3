//! The Driver trait, its errors, and the conformance suite every driver passes.
