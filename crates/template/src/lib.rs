//! Template source text to a spanned tree, its checks, and the evaluation of its intrinsics.
