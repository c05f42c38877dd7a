//! `cargo x demo`: the main job, shown on a real small model and on fake vendors, from nothing.

mod http;
mod parts;
mod scenes;

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, bail};

use self::parts::{Child, Model};
use crate::run::{cargo, say, step, target};

const HELP: &str = "\
Installs what is needed, starts a real small model, two fake vendors and weir, and shows the main job.

usage: cargo x demo [--once]

  --once   end after the show, with 0 if every scene went as it should and 1 if not";

/// Everything that runs during the show. Dropped, it is ended.
struct Stage {
    weir: Child,
    _vendors: Vec<Child>,
    model: Option<Model>,
    data: std::path::PathBuf,
    config: std::path::PathBuf,
    key: String,
    poor_key: String,
}

/// Runs the command.
///
/// # Errors
/// Something that is needed cannot be had, or, with `--once`, a scene went wrong.
pub(crate) fn demo(args: &[String]) -> Result<()> {
    let once = match args {
        [] => false,
        [flag] if flag == "--once" => true,
        [flag] if flag == "--help" || flag == "-h" => return say(HELP),
        _ => bail!("unknown arguments\n\n{HELP}"),
    };
    let stage = set()?;
    let wrong = scenes::play(&stage)?;
    say("")?;
    if once {
        return if wrong == 0 {
            say("demo: every scene went as it should")
        } else {
            bail!("demo: {wrong} scenes went wrong")
        };
    }
    say(&format!(
        "weir goes on at {} until you press Ctrl-C. Try:\n",
        stage.weir.address
    ))?;
    let model = scenes::model_of(&stage);
    say(&format!(
        "  curl -N {}/api/v1/chat/completions -H 'Authorization: Bearer {}' \\\n    -d '{{\"model\": \"{model}\", \"stream\": true, \"messages\": [{{\"role\": \"user\", \"content\": \"Hello!\"}}]}}'\n",
        stage.weir.address, stage.key
    ))?;
    loop {
        std::thread::sleep(Duration::from_secs(3_600));
    }
}

/// Builds, installs and starts everything.
fn set() -> Result<Stage> {
    let work = target().join("demo");
    step("building weir and the fake vendors")?;
    cargo(&["build", "--package", "gateway", "--bin", "weir"])?;
    cargo(&[
        "build",
        "--package",
        "testbed",
        "--features",
        "vendors",
        "--bin",
        "testbed",
    ])?;
    std::fs::create_dir_all(&work)?;
    step("a real model")?;
    let model = match parts::model(&work) {
        Ok(model) => Some(model),
        Err(error) => {
            say(&format!(
                "   no real model, going on with the fake vendors alone: {error:#}"
            ))?;
            None
        }
    };
    step("two fake vendors: one speaks Anthropic's dialect, one always fails")?;
    let testbed = target().join("debug/testbed");
    let text =
        "Rivers keep their promises: whatever falls upstream arrives, a little later, at the weir.";
    let steady = Child::start(Command::new(&testbed).args([
        "vendor",
        "--text",
        text,
        "--mood",
        r#"{"between_ms": 30}"#,
    ]))?;
    let brittle = Child::start(Command::new(&testbed).args([
        "vendor",
        "--mood",
        r#"{"reply": {"fail": {"status": 503}}}"#,
    ]))?;
    say(&format!(
        "   steady at {}, brittle at {}",
        steady.address, brittle.address
    ))?;

    step("weir")?;
    let data = work.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let config = work.join("weir.toml");
    std::fs::write(&config, configuration(model.as_ref(), &steady, &brittle))?;
    let weir = target().join("debug/weir");
    let key = key(&weir, &data, &["--name", "demo"])?;
    let poor_key = key_with_limit(&weir, &data)?;
    let mut serve = Command::new(&weir);
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(&config)
        .arg("--data")
        .arg(&data);
    let weir = Child::start(&mut serve)?;
    say(&format!("   {} answers", weir.address))?;
    Ok(Stage {
        weir,
        _vendors: vec![steady, brittle],
        model,
        data,
        config,
        key,
        poor_key,
    })
}

fn key_with_limit(weir: &Path, data: &Path) -> Result<String> {
    key(
        weir,
        data,
        &[
            "--name",
            "poor",
            "--limit",
            "0.000001",
            "--limit-reset",
            "daily",
        ],
    )
}

/// Makes a key; prints nothing of it.
fn key(weir: &Path, data: &Path, args: &[&str]) -> Result<String> {
    let output = Command::new(weir)
        .args(["keys", "create"])
        .args(args)
        .arg("--data")
        .arg(data)
        .output();
    let output = output.context("cannot start weir")?;
    if !output.status.success() {
        bail!(
            "weir keys create: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)
        .context("a key that is not text")?
        .trim()
        .to_owned())
}

/// The configuration of the show: vendors of one's own, as CONTRACT has them.
fn configuration(model: Option<&Model>, steady: &Child, brittle: &Child) -> String {
    let vendor =
        |id: &str, dialect: &str, base: &str, name: &str, model: &str, price: (&str, &str)| {
            format!(
                r#"
[providers.{id}]
dialect = "{dialect}"
base_url = "{base}/v1"
name = "{name}"

[[providers.{id}.models]]
model = "{model}"
upstream_id = "{id}-model"
context_length = 2048
max_output_tokens = 512
input_modalities = ["text"]
output_modalities = ["text"]
price = {{ prompt = "{}", completion = "{}" }}
supported_parameters = ["temperature", "max_tokens", "stop", "seed"]
"#,
                price.0, price.1
            )
        };
    let mut text = "[log]\nlevel = \"error\"\n\n[local]\ndiscover = false\n".to_owned();
    if let Some(model) = model {
        text += &vendor(
            "local",
            "openai-chat",
            &model.server.address,
            "Local llama.cpp",
            parts::MODEL,
            ("0.00000001", "0.00000004"),
        );
    }
    text += &vendor(
        "steady",
        "anthropic",
        &steady.address,
        "Steady",
        scenes::STORY,
        ("0.0000005", "0.0000015"),
    );
    text += &vendor(
        "brittle",
        "openai-chat",
        &brittle.address,
        "Brittle",
        scenes::STORY,
        ("0.0000001", "0.0000003"),
    );
    text
}
