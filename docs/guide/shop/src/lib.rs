pub mod billing;
pub mod events;
pub mod letters;
pub mod shipping;
