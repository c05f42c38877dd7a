//! A rule of the operator's that chooses models: an expression of CEL, which has no side effects and always ends.
//!
//! One that speaks of `models` is read once and says which: a list of models or of their names, best first. One that
//! speaks of `model` is read for each: a number puts the higher before the lower, `false` leaves it out.

use std::{fmt, sync::Arc};

use cel::{Context, Env, ExecutionError, Program, ResolveResult, Value, objects::Key};

use super::facts::{ModelFacts, RequestFacts};

/// The longest rule.
const RULE_BYTES_MAX: usize = 8_192;

/// A rule, read and checked.
#[derive(Clone)]
pub struct Rule(Arc<Inner>);

struct Inner {
    source: String,
    env: Arc<Env>,
    program: Program,
    /// It is read for each model.
    is_of_each: bool,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no expression.
    #[error("this is no CEL expression: {0}")]
    Syntax(String),
    /// It chooses nothing.
    #[error(
        "a rule speaks of `models` (and gives a list) or of `model` (and gives a number or a bool)"
    )]
    Aimless,
    /// It speaks of something that is not there.
    #[error("there is no `{0}`: a rule may speak of `request`, and of `models` or `model`")]
    Unknown(String),
    /// It cannot be worked out.
    #[error("the rule fails: {0}")]
    Failed(String),
    /// It gives something else than models.
    #[error("the rule gives {0}, which is no choice of models")]
    NoChoice(&'static str),
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// It is no expression, or speaks of something that is not there.
    pub fn compile(source: &str) -> Result<Self, Error> {
        if source.len() > RULE_BYTES_MAX {
            return Err(Error::Syntax(format!("longer than {RULE_BYTES_MAX} bytes")));
        }
        let env = Arc::new(Env::stdlib());
        let program = env.compile(source);
        let program = program.map_err(|errors| Error::Syntax(first_line(&errors.to_string())))?;
        let references = program.references();
        let (all, each) = (
            references.has_variable("models"),
            references.has_variable("model"),
        );
        if all == each {
            return Err(Error::Aimless);
        }
        let rule = Self(Arc::new(Inner {
            source: source.to_owned(),
            env,
            program,
            is_of_each: each,
        }));
        rule.try_on_a_sample()?;
        Ok(rule)
    }

    /// Finds a name that is not there, as far as one model and a plain request lead to it. What else may fail is left to
    /// real requests, whose labels and models nobody knows here.
    fn try_on_a_sample(&self) -> Result<(), Error> {
        let model = ModelFacts::sample();
        let name = if self.0.is_of_each { "model" } else { "models" };
        let value = if self.0.is_of_each {
            cel::to_value(&model)
        } else {
            cel::to_value([&model])
        };
        let request = cel::to_value(RequestFacts::sample()).map_err(|error| failed(&error))?;
        let value = value.map_err(|error| failed(&error))?;
        match self.execute(&request, (name, value)) {
            Err(ExecutionError::UndeclaredReference(name)) => Err(Error::Unknown(name.to_string())),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The names of the models that the rule chooses, best first.
    pub(super) fn choose(
        &self,
        request: &RequestFacts<'_>,
        models: Vec<ModelFacts<'_>>,
    ) -> Result<Vec<String>, Error> {
        let request = cel::to_value(request).map_err(|error| failed(&error))?;
        if self.0.is_of_each {
            return self.choose_each(&request, models);
        }
        let models: Vec<ModelFacts<'_>> = models.into_iter().map(ModelFacts::complete).collect();
        let models = cel::to_value(&models).map_err(|error| failed(&error))?;
        let value = self.work_out(&request, ("models", models))?;
        let Value::List(list) = value else {
            return Err(Error::NoChoice(kind(&value)));
        };
        list.iter().map(name_of).collect()
    }

    /// Those that the rule does not leave out; what it gives no number keeps its place behind what has a higher one.
    fn choose_each(
        &self,
        request: &Value,
        models: Vec<ModelFacts<'_>>,
    ) -> Result<Vec<String>, Error> {
        let mut kept: Vec<(f64, String)> = Vec::with_capacity(models.len());
        for model in models {
            let slug = model.slug.to_owned();
            let model = cel::to_value(model.complete()).map_err(|error| failed(&error))?;
            match self.work_out(request, ("model", model))? {
                Value::Bool(false) => {}
                Value::Bool(true) => kept.push((0.0, slug)),
                Value::Float(number) => kept.push((number, slug)),
                #[expect(clippy::cast_precision_loss, reason = "an order, not an amount")]
                Value::Int(number) => kept.push((number as f64, slug)),
                #[expect(clippy::cast_precision_loss, reason = "an order, not an amount")]
                Value::UInt(number) => kept.push((number as f64, slug)),
                Value::List(_)
                | Value::Map(_)
                | Value::Function(..)
                | Value::String(_)
                | Value::Bytes(_)
                | Value::Opaque(_)
                | Value::Struct(_)
                | Value::Null => return Err(Error::NoChoice("no number and no bool")),
            }
        }
        // Stable: equals keep the order of the built-in ranking.
        kept.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        Ok(kept.into_iter().map(|(_, slug)| slug).collect())
    }

    fn work_out(&self, request: &Value, named: (&str, Value)) -> Result<Value, Error> {
        self.execute(request, named).map_err(|error| failed(&error))
    }

    fn execute(&self, request: &Value, (name, value): (&str, Value)) -> ResolveResult {
        let mut context = Context::with_env(Arc::clone(&self.0.env));
        context.add_variable_from_value("request", request.clone());
        context.add_variable_from_value(name, value);
        self.0.program.execute(&context)
    }
}

/// A model, or the name of one.
fn name_of(value: &Value) -> Result<String, Error> {
    match value {
        Value::String(name) => Ok(name.to_string()),
        Value::Map(fields) => match fields.get(&Key::from("slug")) {
            Some(Value::String(slug)) => Ok(slug.to_string()),
            Some(_) | None => Err(Error::NoChoice("a list of something else")),
        },
        Value::List(_)
        | Value::Function(..)
        | Value::Int(_)
        | Value::UInt(_)
        | Value::Float(_)
        | Value::Bytes(_)
        | Value::Bool(_)
        | Value::Opaque(_)
        | Value::Struct(_)
        | Value::Null => Err(Error::NoChoice(kind(value))),
    }
}

fn failed(error: &dyn fmt::Display) -> Error {
    Error::Failed(first_line(&error.to_string()))
}

fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty());
    line.unwrap_or_default().trim().to_owned()
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::List(_) => "a list",
        Value::Map(_) | Value::Struct(_) => "a map",
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "a number",
        Value::String(_) | Value::Bytes(_) => "a text",
        Value::Bool(_) => "a bool",
        Value::Function(..) | Value::Opaque(_) | Value::Null => "nothing",
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Rule").field(&self.0.source).finish()
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.0.source == other.0.source
    }
}
