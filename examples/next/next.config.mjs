/** A native addon cannot be bundled: without this line the build fails on the binary. */
export default { serverExternalPackages: ['fallcast'] };
