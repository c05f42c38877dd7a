//! Records of requests that are written to the journal but not yet in the database, so that they
//! are found at once. Bounded: when the database does not keep up, they wait in the journal alone.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use canon::{EntryId, GenerationId, Record};

/// How many records wait in memory for the database. Beyond that they wait in the journal.
const SHELF_MAX: usize = 16_384;

/// Records that are written down but not in the database.
#[derive(Debug)]
pub(super) struct Shelf {
    queue: VecDeque<(EntryId, Arc<Record>)>,
    by_id: HashMap<GenerationId, Arc<Record>>,
    /// Records up to this entry wait in the journal only, not here.
    gap: Option<EntryId>,
}

/// Records to ship, and up to which entry nothing is left to ship once they are.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) through: EntryId,
    pub(super) generations: Vec<Arc<Record>>,
}

impl Shelf {
    /// Empty; what is in the journal up to `last` may not be in the database.
    pub(super) fn after(last: EntryId) -> Self {
        Self {
            queue: VecDeque::new(),
            by_id: HashMap::new(),
            gap: Some(last),
        }
    }

    pub(super) fn find(&self, id: &GenerationId) -> Option<Arc<Record>> {
        self.by_id.get(id).cloned()
    }

    /// Up to which entry records wait in the journal only.
    pub(super) fn gap(&self) -> Option<EntryId> {
        self.gap
    }

    /// Records up to `through` are shipped out of the journal.
    pub(super) fn close_gap(&mut self, through: EntryId) {
        self.gap = self.gap.filter(|end| *end > through);
    }

    /// The records that came first, of those that are written. `written` is the last entry that is.
    pub(super) fn batch(&self, rows_max: usize, written: EntryId) -> Option<Batch> {
        let ready = self.queue.iter().take_while(|(entry, _)| *entry <= written);
        let taken: Vec<_> = ready.take(rows_max).collect();
        let (newest, _) = taken.last()?;
        let through = if taken.len() < rows_max {
            written
        } else {
            *newest
        };
        let generations = taken
            .iter()
            .map(|(_, generation)| Arc::clone(generation))
            .collect();
        Some(Batch {
            through,
            generations,
        })
    }

    /// Records up to `through` are in the database.
    pub(super) fn shipped(&mut self, through: EntryId) {
        while let Some((entry, generation)) = self.queue.pop_front() {
            if entry > through {
                self.queue.push_front((entry, generation));
                return;
            }
            self.by_id.remove(generation.id());
        }
    }

    pub(super) fn put(&mut self, entry: EntryId, generation: Arc<Record>) {
        if self.queue.len() >= SHELF_MAX {
            tracing::warn!(
                records = SHELF_MAX,
                "the database does not keep up; records wait in the journal"
            );
            self.queue.clear();
            self.by_id.clear();
            self.gap = Some(entry);
            return;
        }
        self.by_id
            .insert(generation.id().clone(), Arc::clone(&generation));
        self.queue.push_back((entry, generation));
    }
}
