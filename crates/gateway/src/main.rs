//! weir
fn main(){}
