//! Sells things.
use std::collections::HashMap;
use std::fmt::{self, Display};

const LIMIT: usize = 3;

/// One thing.
#[derive(Debug, Clone)]
pub struct Item {
    pub name: String,
}

pub enum Size {
    Small,
    Large(u32),
}

pub trait Priced {
    fn price(&self) -> u32;

    fn twice(&self) -> u32 {
        self.price() * 2
    }
}

impl Priced for Item {
    fn price(&self) -> u32 {
        1
    }
}

impl<T: Display> Shelf<T> {
    /// A new shelf.
    pub fn new() -> Self {
        Shelf { items: HashMap::new() }
    }
}

mod inner {
    pub fn hidden() {}
}

macro_rules! square {
    ($x:expr) => {
        $x * $x
    };
}

pub fn main() {
    println!("{}", LIMIT);
}
