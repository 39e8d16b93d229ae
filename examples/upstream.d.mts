/** The types of `fallcast/testing` for who imports it. */
export * from './upstream.js'
