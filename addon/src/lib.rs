//! The library that Node.js loads. What it exports is in `binding` of the crate `fallcast`.

extern crate fallcast as _;
