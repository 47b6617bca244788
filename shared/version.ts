// Baton's own version, the one of package.json; a test compares them.
export const batonVersion = '0.1.0';
