//! Fakes and harnesses for tests.
