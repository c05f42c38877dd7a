//! Who is asked, who is left alone, and what is measured of it.

mod figures;
mod health;
mod preferences;
mod regions;
mod search;
