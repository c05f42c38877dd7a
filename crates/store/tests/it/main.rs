//! What is at rest survives: crashes, full disks, other processes.

#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod generations;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod some;
