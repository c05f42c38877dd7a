//! Kinds of tasks, by the names that OpenRouter gives them (`GET /classifications/task`; tags as public lists of them
//! show them, read 2026-11-22), and what counts for each.
//!
//! tidy: table

use super::Skill;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the table below says what each is")]
pub enum Task {
    CodeGeneral,
    CodeDebugging,
    CodeFiles,
    CodeReview,
    CodeShell,
    CodeFrontend,
    CodeRepository,
    CodeDevops,
    CodeSql,
    DataExtraction,
    DataTransformation,
    AgentWorkflow,
    AgentPlanning,
    AgentTools,
    AgentWebSearch,
    AgentMemory,
    Classification,
    Writing,
    Roleplay,
    Knowledge,
    Conversation,
    Research,
    Support,
    Summary,
    Translation,
    Math,
    Finance,
    Security,
    Devops,
    ImagePrompt,
}

/// What is known of a kind of task.
struct Row {
    task: Task,
    tag: &'static str,
    label: &'static str,
    /// Which figures of quality count, and how much: tenths.
    skills: &'static [(Skill, u32)],
    /// How long a usual answer is, in tokens. Only compares costs.
    answer: u64,
}

const fn row(
    task: Task,
    tag: &'static str,
    label: &'static str,
    skills: &'static [(Skill, u32)],
    answer: u64,
) -> Row {
    Row {
        task,
        tag,
        label,
        skills,
        answer,
    }
}

use Skill::{
    Coding, Creative, Expert, Hard, Instructions, Long, Math as Maths, Overall, Search, Webdev,
};

/// In the order of the enumeration.
#[rustfmt::skip]
const ROWS: [Row; 30] = [
    row(Task::CodeGeneral, "code:general_impl", "Code Generation", &[(Coding, 6), (Webdev, 2), (Hard, 2)], 1_200),
    row(Task::CodeDebugging, "code:debugging", "Debugging", &[(Coding, 6), (Hard, 2), (Expert, 2)], 900),
    row(Task::CodeFiles, "code:file_read_write", "File I/O", &[(Coding, 5), (Instructions, 3), (Long, 2)], 700),
    row(Task::CodeReview, "code:review_security", "Code Review", &[(Coding, 5), (Expert, 3), (Long, 2)], 900),
    row(Task::CodeShell, "code:shell_execution", "Shell Execution", &[(Coding, 6), (Instructions, 4)], 400),
    row(Task::CodeFrontend, "code:frontend_ui", "Frontend & UI", &[(Webdev, 7), (Coding, 3)], 2_000),
    row(Task::CodeRepository, "code:repo_scan", "Repo Scanning", &[(Coding, 5), (Long, 5)], 600),
    row(Task::CodeDevops, "code:devops_config", "DevOps & Config", &[(Coding, 6), (Expert, 2), (Instructions, 2)], 800),
    row(Task::CodeSql, "code:sql_database", "SQL & Databases", &[(Coding, 7), (Hard, 3)], 500),
    row(Task::DataExtraction, "data:extraction", "Data Extraction", &[(Instructions, 6), (Long, 4)], 400),
    row(Task::DataTransformation, "data:transformation", "Data Transformation", &[(Instructions, 6), (Coding, 4)], 800),
    row(Task::AgentWorkflow, "agent:workflow_execution", "Workflow Execution", &[(Hard, 4), (Coding, 3), (Instructions, 3)], 500),
    row(Task::AgentPlanning, "agent:multi_step_planning", "Multi-step Planning", &[(Hard, 5), (Expert, 5)], 1_000),
    row(Task::AgentTools, "agent:tool_dispatch", "Tool Dispatch", &[(Instructions, 6), (Hard, 4)], 200),
    row(Task::AgentWebSearch, "agent:web_search", "Web Search", &[(Search, 6), (Overall, 4)], 600),
    row(Task::AgentMemory, "agent:memory_extraction", "Memory Extraction", &[(Instructions, 6), (Long, 4)], 300),
    row(Task::Classification, "classification_tagging", "Classification", &[(Instructions, 8), (Overall, 2)], 60),
    row(Task::Writing, "content_writing", "Content Writing", &[(Creative, 8), (Instructions, 2)], 900),
    row(Task::Roleplay, "roleplay_fiction", "Roleplay & Fiction", &[(Creative, 9), (Overall, 1)], 600),
    row(Task::Knowledge, "qa_knowledge", "Q&A & Knowledge", &[(Overall, 6), (Expert, 4)], 400),
    row(Task::Conversation, "conversational_reply", "Conversation", &[(Overall, 8), (Creative, 2)], 200),
    row(Task::Research, "research_report", "Research & Reports", &[(Expert, 5), (Long, 3), (Search, 2)], 2_000),
    row(Task::Support, "customer_support", "Customer Support", &[(Instructions, 6), (Overall, 4)], 250),
    row(Task::Summary, "summarization", "Summarization", &[(Long, 6), (Instructions, 4)], 400),
    row(Task::Translation, "translation", "Translation", &[(Overall, 6), (Creative, 4)], 600),
    row(Task::Math, "math", "Math", &[(Maths, 7), (Hard, 3)], 1_500),
    row(Task::Finance, "finance_trading", "Finance & Trading", &[(Expert, 5), (Maths, 3), (Overall, 2)], 700),
    row(Task::Security, "security_audit", "Security Audit", &[(Expert, 5), (Coding, 5)], 900),
    row(Task::Devops, "devops", "DevOps", &[(Coding, 5), (Expert, 5)], 700),
    row(Task::ImagePrompt, "image_prompting", "Image Prompting", &[(Creative, 8), (Instructions, 2)], 200),
];

/// What counts where nobody knows what a request is about.
const UNKNOWN: (&[(Skill, u32)], u64) = (&[(Overall, 10)], 500);

impl Task {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.task)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "a test holds the table to the enumeration"
    )]
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// The name on the wire: `code:debugging`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        self.row().tag
    }

    /// The name for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.row().label
    }

    /// The task of that tag.
    #[must_use]
    pub fn tagged(tag: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.tag == tag).map(|row| row.task)
    }

    /// Whether it is about code.
    #[must_use]
    pub(super) fn is_code(self) -> bool {
        self.tag().starts_with("code:")
    }
}

/// The figures that count for a task, in tenths, and the tokens of a usual answer.
pub(super) fn weights(task: Option<Task>) -> (&'static [(Skill, u32)], u64) {
    task.map_or(UNKNOWN, |task| (task.row().skills, task.row().answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_enumeration_and_weighs_ten_tenths() {
        for (place, row) in ROWS.iter().enumerate() {
            assert_eq!(row.task as usize, place, "{}", row.tag);
            assert_eq!(
                row.skills.iter().map(|(_, tenths)| tenths).sum::<u32>(),
                10,
                "{}",
                row.tag
            );
            assert_eq!(Task::tagged(row.tag), Some(row.task));
            assert!(!row.label.is_empty() && row.answer > 0);
        }
    }
}
