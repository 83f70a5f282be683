//! What a record key is made of.

use uuid::Uuid;

/// A value that can be part of a record key.
///
/// Derive it for enums without fields (the variant's name) and newtypes (the inner value). Floats and date-times are
/// left out on purpose: their text differs between platforms, and equal keys must be equal bytes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a record key",
    label = "not a `KeyPart`",
    note = "keys are made of strings, integers, `bool`, `Uuid` and `Option`s of those; for a newtype or an enum of your own add `#[derive(carom::KeyPart)]`"
)]
pub trait KeyPart {
    /// Appends the text of this value to `out`.
    fn write_key(&self, out: &mut String);
}

macro_rules! displayed {
    ($($ty:ty)+) => {$(
        impl KeyPart for $ty {
            fn write_key(&self, out: &mut String) {
                use std::fmt::Write as _;
                let _ = write!(out, "{self}");
            }
        }
    )+};
}

displayed!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize char str String Uuid);

impl KeyPart for bool {
    fn write_key(&self, out: &mut String) {
        out.push_str(if *self { "True" } else { "False" });
    }
}

impl<T: KeyPart> KeyPart for Option<T> {
    fn write_key(&self, out: &mut String) {
        if let Some(part) = self {
            part.write_key(out);
        }
    }
}

impl<T: KeyPart + ?Sized> KeyPart for &T {
    fn write_key(&self, out: &mut String) {
        (**self).write_key(out);
    }
}
