// Types of what is not this package's own. They are known everywhere in lib/.

/** An object of a user's that is read, such as options: what it has is not known until it is checked. */
type Given = Record<string, any> | null | undefined;

/** An object of a user's, or of another package, that is called: which methods it has is asked of it, or tried. */
type Foreign = Record<PropertyKey, any>;

/** A loader, as it is called. */
type Loader = (context?: any) => unknown;
