//! How much address space the allocator reserves.

/// In KiB, as the allocator counts here. Its default is 1 GiB, which a limit on address space (`ulimit -v`, some
/// hosts) refuses. Further memory is reserved in further pieces.
const RESERVED_KIB: std::ffi::c_long = 64 * 1024;

/// `mi_option_arena_reserve` of `mimalloc` 2.
const ARENA_RESERVE: std::ffi::c_int = 23;

unsafe extern "C" {
    fn mi_option_set_default(option: std::ffi::c_int, value: std::ffi::c_long);
}

/// Runs when the addon is loaded, before the allocator reads its options and `MIMALLOC_ARENA_RESERVE`, which wins.
#[used]
// SAFETY: the loader calls the functions in this section, which have this type. The number puts this one first.
#[unsafe(link_section = ".init_array.00099")]
static RESERVE_LESS: extern "C" fn() = reserve_less;

extern "C" fn reserve_less() {
    // SAFETY: writes a static of the allocator, which no other thread uses yet.
    unsafe { mi_option_set_default(ARENA_RESERVE, RESERVED_KIB) };
}
