//! Links the addon for the platform it is built on.

fn main() {
    napi_build::setup();
}
