//! The testbed tested: whether the fakes answer as the recordings do, and whether the moods do what
//! they say.

#[cfg(test)]
#[cfg(feature = "vendors")]
mod beside;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod bill;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod binary;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod client;
#[cfg(test)]
mod corpus;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod counting;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod doors;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod eventstream;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod moods;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod replicate;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod requests;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod responses;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod shapes;
#[cfg(test)]
#[cfg(feature = "vendors")]
mod tools;
