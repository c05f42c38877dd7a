//! What is at rest survives: crashes, full disks, other processes.

mod full_disk;
mod generations;
mod journal;
mod keys;
mod some;
