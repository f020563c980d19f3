//! Whole-program tests of the rstack binary.
