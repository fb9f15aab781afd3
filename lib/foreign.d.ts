// Types of foreign objects. They are known everywhere in lib/.

/** An object of a user that is read, such as options: its properties are not known until they are checked. */
type Given = Record<string, any> | null | undefined;

/** An object of a user, or of another package, that is called: its methods are looked up, or tried. */
type Foreign = Record<PropertyKey, any>;

/** A loader, as it is called. */
type Loader = (context?: any) => unknown;

/** The key of an entry, as users give it. The core checks it, in one place for all classes. */
type EntryKey = string | number | bigint;

/** The argument of a loader. A loader that is called by hand may get none. */
type PassedContext = import('../types/loader.js').LoaderContext | undefined;
