//! Has this crate compiled anew when the napi CLI asks for the types of its exports, which it reads from the compilation.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=NAPI_FORCE_BUILD_FALLCAST");
}
