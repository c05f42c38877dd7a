//! The configuration: defaults, precedence, every fault with its place, and no secret in sight.

use std::{collections::BTreeMap, path::Path};

use canon::{Dialect, PicoUsd};
use gateway::config::{Arguments, Config, DEFAULT_FILE, Durability, Loaded, Place, Problems, env};
use policy::catalog::{Parameter, Unit};
use proptest::prelude::*;

type Map = BTreeMap<String, String>;

fn variables(pairs: &[(&str, &str)]) -> Map {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn parse(text: &str, pairs: &[(&str, &str)]) -> Result<Loaded, Problems> {
    Config::parse(text, Path::new("weir.toml"), &variables(pairs))
}

/// The faults of a file, each on its line.
fn faults(text: &str) -> Vec<String> {
    let problems = parse(text, &[])
        .err()
        .map_or_else(Vec::new, |problems| problems.0);
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn the_default_file_says_the_defaults() {
    let loaded = parse(DEFAULT_FILE, &[]).unwrap();
    // No provider is set in either, so nothing hides behind the mask of a secret.
    assert_eq!(
        format!("{:?}", loaded.config),
        format!("{:?}", Config::default())
    );
    assert_eq!(loaded.warnings, []);
}

#[test]
fn every_setting_has_a_line_in_the_default_file_and_a_variable() {
    let loaded = parse("", &[]).unwrap();
    assert!(loaded.settings.len() > 20);
    for (setting, variable) in &loaded.settings {
        let (section, name) = setting.rsplit_once('.').unwrap();
        if section.starts_with("providers.") {
            continue;
        }
        let (_, behind) = DEFAULT_FILE
            .split_once(&format!("[{section}]\n"))
            .expect(setting);
        let lines = behind.lines().take_while(|line| !line.starts_with('['));
        let is_its = |line: &str| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{name} = "))
        };
        assert!(lines.into_iter().any(is_its), "{setting} has no line");
        assert_eq!(
            *variable,
            format!("WEIR_{}", setting.replace('.', "_").to_uppercase())
        );
        assert!(
            env::ALL.iter().any(|(name, _)| name == variable),
            "{variable} is not documented"
        );
    }
}

#[test]
fn the_examples_of_the_default_file_are_a_sound_file() {
    let (_, examples) = DEFAULT_FILE.split_once("(OPENAI_API_KEY …).\n").unwrap();
    let uncommented = |line: &str| line.strip_prefix("# ").unwrap_or("").to_owned();
    let is_prose =
        |line: &String| !line.starts_with('#') && !line.contains(" = ") && !line.starts_with('[');
    let text: Vec<String> = examples
        .lines()
        .map(uncommented)
        .filter(|line| !is_prose(line))
        .collect();
    let user =
        r#"{"type":"authorized_user","client_id":"a","client_secret":"b","refresh_token":"c"}"#;
    let pairs = [
        ("OPENAI_API_KEY", "sk-1"),
        ("LAB_KEY", "k"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("GOOGLE", user),
        ("AZURE_API_KEY", "k"),
        ("AZURE_API_KEY_SWEDEN", "k"),
        ("OPENAI_API_KEY_B", "k"),
        ("DATABRICKS_TOKEN", "k"),
        ("SNOWFLAKE_PAT", "k"),
        ("CLOUDFLARE_API_TOKEN", "k"),
        ("WATSONX_API_KEY", "k"),
    ];
    let text = text.join("\n");
    let text = text.replace("file:/etc/weir/google.json", "env:GOOGLE");
    let config = parse(&text, &pairs).unwrap().config;
    assert_eq!(config.providers.len(), 9);
    assert_eq!(config.routing.endpoints.len(), 1);
    assert_eq!(config.workspaces["default"].aliases.len(), 1);
    let lab = &config.providers["lab"];
    assert_eq!((lab.name.as_deref(), lab.models.len()), (Some("Lab"), 1));
    assert_eq!(
        config.providers["openai"].base_url.as_deref(),
        Some("https://api.openai.com/v1")
    );
}

#[test]
fn every_fault_is_said_at_once_with_its_place_and_what_is_allowed() {
    let text = r#"
[server]
listen = "nowhere"
threads = -1
thread = 2

[data]
durability = "strong"

[upstream]
attempts_max = 2.5

[colours]
"#;
    assert_eq!(
        faults(text),
        [
            "weir.toml:3:10: `server.listen`: expected an address and a port, like \"127.0.0.1:7300\" or \
             \"[::]:7300\", got \"nowhere\"",
            "weir.toml:4:11: `server.threads`: expected a whole number from 0 to 1024, got -1",
            "weir.toml:5:1: `server.thread`: there is no such setting; did you mean `threads`?",
            "weir.toml:8:14: `data.durability`: expected \"process\" or \"power\", got \"strong\"",
            "weir.toml:11:16: `upstream.attempts_max`: expected a whole number from 1 to 20, got 2.5",
            "weir.toml:13:2: `colours`: there is no such setting; allowed: server, data, database, upstream, \
             routing, limits, log, local, providers, workspaces",
        ]
    );
}

#[test]
fn what_is_not_toml_is_said_with_its_place() {
    let faults = faults("[server]\nlisten = \n");
    assert!(
        faults[0].starts_with("weir.toml:2:") && faults[0].contains("not TOML"),
        "{faults:?}"
    );
}

#[test]
fn columns_count_characters() {
    assert_eq!(
        faults("[data]\nfolder = \"ä\"\n[log]\nformat = \"ä\" # ä\n")[0]
            .split(' ')
            .next(),
        Some("weir.toml:4:10:")
    );
}

#[test]
fn a_variable_goes_before_the_file_and_the_command_line_before_both() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weir.toml");
    std::fs::write(
        &path,
        "[server]\nlisten = \"127.0.0.1:1\"\nthreads = 1\n[data]\nfolder = \"a\"\n",
    )
    .unwrap();
    let pairs = variables(&[
        ("WEIR_SERVER_LISTEN", "127.0.0.1:2"),
        ("WEIR_SERVER_THREADS", "2"),
    ]);
    let arguments = Arguments {
        config: Some(path),
        listen: Some("127.0.0.1:3".parse().unwrap()),
        database: Some("sqlite:/x/y.db".to_owned()),
        ..Arguments::default()
    };
    let config = Config::load(&arguments, &pairs).unwrap().config;
    assert_eq!(config.server.listen, "127.0.0.1:3".parse().unwrap());
    assert_eq!(config.server.threads, 2);
    assert_eq!(config.data.folder, Path::new("a"));
    assert_eq!(config.database_path(), Path::new("/x/y.db"));
}

#[test]
fn a_wrong_variable_is_named() {
    let problems = parse("", &[("WEIR_SERVER_THREADS", "many")]).unwrap_err();
    assert_eq!(
        problems.0[0].place,
        Place::Variable("WEIR_SERVER_THREADS".to_owned())
    );
}

#[test]
fn a_variable_of_ours_that_means_nothing_is_warned_about() {
    let loaded = parse(
        "",
        &[
            ("WEIR_SERVER_LISTN", "x"),
            ("WEIR_PROVIDERS_OPENAI_API_KEY", "k"),
        ],
    )
    .unwrap();
    let warnings: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
    let expected = "WEIR_SERVER_LISTN: Weir has no such variable; did you mean WEIR_SERVER_LISTEN?";
    assert_eq!(warnings, [expected]);
}

#[test]
fn a_known_vendor_is_enabled_by_its_own_variable_and_switched_off_by_a_setting() {
    let pairs = [("ANTHROPIC_API_KEY", "sk-ant"), ("OPENAI_API_KEY", "")];
    let config = parse("", &pairs).unwrap().config;
    let enabled: Vec<_> = config.providers.keys().map(ToString::to_string).collect();
    assert_eq!(enabled, ["anthropic"], "an empty variable is no key");
    let config = parse("[providers.anthropic]\nenabled = false\n", &pairs)
        .unwrap()
        .config;
    assert!(config.providers.is_empty());
}

#[test]
fn a_known_vendor_without_a_key_is_not_enabled_and_said() {
    let loaded = parse("[providers.openai]\n", &[]).unwrap();
    assert!(loaded.config.providers.is_empty());
    assert_eq!(loaded.warnings[0].setting, "providers.openai.api_key");
}

#[test]
fn a_server_in_a_known_vendors_place_needs_no_key() {
    let text = "[providers.openai]\nbase_url = \"http://127.0.0.1:9/v1/\"\n[providers.ollama]\n";
    let loaded = parse(text, &[]).unwrap();
    assert_eq!(loaded.warnings, []);
    let enabled: Vec<_> = loaded.config.providers.keys().map(AsRef::as_ref).collect();
    assert_eq!(enabled, ["ollama", "openai"]);
}

#[test]
fn a_cloud_says_what_its_address_lacks_and_where_it_may_stand() {
    let said = faults("[providers.azure]\napi_key = \"k\"\n");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("providers.azure.resource") && said[0].contains("AZURE_RESOURCE_NAME"),
        "{said:?}"
    );
    // Nobody named it: its key alone was found.
    let loaded = parse("", &[("AZURE_API_KEY", "k")]).unwrap();
    assert!(loaded.config.providers.is_empty());
    assert_eq!(loaded.warnings[0].setting, "providers.azure.resource");
    let pairs = [("AZURE_API_KEY", "k"), ("AZURE_RESOURCE_NAME", "lab")];
    let loaded = parse("", &pairs).unwrap();
    let azure = &loaded.config.providers["azure"];
    assert_eq!(azure.settings.get("resource"), Some("lab"));
    let said = faults("[providers.azure]\napi_key = \"k\"\nresource = \"evil.com/\"\n");
    assert!(said[0].contains("only letters, digits"), "{said:?}");
    let said = faults("[providers.azure]\napi_key = \"k\"\nresourse = \"lab\"\n");
    assert!(
        said.iter()
            .any(|say| say.contains("did you mean `resource`?")),
        "{said:?}"
    );
}

#[test]
fn the_keys_of_a_cloud_count_only_where_the_cloud_is_named() {
    let home = tempfile::tempdir().unwrap();
    let aws = home.path().join(".aws");
    std::fs::create_dir(&aws).unwrap();
    let text = "[default]\naws_access_key_id=AKIA\naws_secret_access_key=hidden-1\n";
    std::fs::write(aws.join("credentials"), text).unwrap();
    let home = home.path().to_str().unwrap();
    let found = [
        ("HOME", home),
        ("AWS_ACCESS_KEY_ID", "AKIA2"),
        ("AWS_SECRET_ACCESS_KEY", "hidden-2"),
    ];
    assert!(parse("", &found).unwrap().config.providers.is_empty());
    let named = "[providers.amazon-bedrock]\nregion = \"eu-central-1\"\n";
    let config = parse(named, &found).unwrap().config;
    let bedrock = &config.providers["amazon-bedrock"];
    assert_eq!(bedrock.settings.get("access_key_id"), Some("AKIA2"));
    assert!(!format!("{config:?}").contains("hidden"));
    // Named by a variable of ours; the key stands in the file.
    let by_variable = [
        ("HOME", home),
        ("WEIR_PROVIDERS_AMAZON_BEDROCK_REGION", "eu-central-1"),
    ];
    let loaded = parse("", &by_variable).unwrap();
    assert_eq!(loaded.warnings, []);
    let bedrock = &loaded.config.providers["amazon-bedrock"];
    assert_eq!(bedrock.settings.get("credentials_file"), Some(text.trim()));
    assert!(!format!("{:?}", loaded.config).contains("hidden"));
    // A file that is referred to by its bare path would be taken for its content.
    let said = faults("[providers.google-vertex]\nproject = \"p\"\ncredentials = \"/k.json\"\n");
    assert!(said[0].contains("expected \"file:PATH\""), "{said:?}");
}

/// Else an account would be billed that the configuration does not name.
#[test]
fn credentials_that_lie_about_yield_to_those_that_are_written() {
    let found = [
        ("AWS_ACCESS_KEY_ID", "AKIA2"),
        ("AWS_SECRET_ACCESS_KEY", "hidden-2"),
        ("AWS_SESSION_TOKEN", "hidden-3"),
        ("AWS_BEARER_TOKEN_BEDROCK", "hidden-4"),
        ("MINE", "hidden-5"),
    ];
    let bedrock = |says: &str| {
        let text = format!("[providers.amazon-bedrock]\nregion = \"eu-central-1\"\n{says}\n");
        let provider = parse(&text, &found).unwrap().config.providers;
        let provider = provider["amazon-bedrock"].clone();
        let has = |name: &str| provider.settings.get(name).map(str::to_owned);
        let key = provider.api_key.is_some();
        (key, has("access_key_id"), has("session_token"))
    };
    let (id, session) = (Some("AKIA2".to_owned()), Some("hidden-3".to_owned()));
    assert_eq!(bedrock(""), (true, id.clone(), session.clone()));
    assert_eq!(
        bedrock("access_key_id = \"AKIA5\"\nsecret_access_key = \"env:MINE\""),
        (false, Some("AKIA5".to_owned()), None)
    );
    // A role is taken on by whatever else there is.
    assert_eq!(
        bedrock("role_arn = \"arn:aws:iam::1:role/x\""),
        (false, id, session)
    );
    let home = tempfile::tempdir().unwrap();
    let aws = home.path().join("credentials");
    std::fs::write(
        &aws,
        "[team]\naws_access_key_id=AKIA7\naws_secret_access_key=hidden-7\n",
    )
    .unwrap();
    let file = aws.to_str().unwrap();
    assert_eq!(
        bedrock(&format!(
            "profile = \"team\"\ncredentials_file = \"file:{file}\""
        )),
        (false, None, None)
    );
}

#[test]
fn a_key_that_opens_more_than_models_counts_only_where_its_vendor_is_named() {
    let pairs = [("HF_TOKEN", "hf_1"), ("WANDB_API_KEY", "k")];
    assert!(parse("", &pairs).unwrap().config.providers.is_empty());
    let config = parse("[providers.huggingface]\n", &pairs).unwrap().config;
    let enabled: Vec<_> = config.providers.keys().map(AsRef::as_ref).collect();
    assert_eq!(enabled, ["huggingface"]);
}

#[test]
fn further_wires_are_addresses_by_their_dialects() {
    let text = "[providers.lab]\ndialect = \"openai-chat\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
                also = { anthropic = \"http://127.0.0.1:9/a/\" }\n";
    let lab = &parse(text, &[]).unwrap().config.providers["lab"];
    let expected = (Dialect::Anthropic, "http://127.0.0.1:9/a".to_owned());
    assert_eq!(lab.also, [expected]);
    let said = faults(
        &text
            .replace("anthropic", "antropic")
            .replace("http://127.0.0.1:9/a/", "x"),
    );
    assert!(said[0].contains("did you mean `anthropic`?"), "{said:?}");
    let said = faults(&text.replace("http://127.0.0.1:9/a/", "ftp://x"));
    assert!(said[0].contains("providers.lab.also.anthropic"), "{said:?}");
}

#[test]
fn what_is_known_of_a_vendor_cannot_be_set() {
    let said = faults("[providers.openai]\nname = \"Mine\"\ndialect = \"anthropic\"\n");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("this one is known"), "{said:?}");
}

#[test]
fn a_vendor_of_ones_own_needs_a_dialect_and_an_address() {
    let said = faults("[data]\n[providers.opnai]\n");
    assert!(
        said[0].contains("`providers.opnai.dialect`: missing") && said[0].contains("`openai`"),
        "{said:?}"
    );
    assert!(
        said[1].contains("`providers.opnai.base_url`: missing"),
        "{said:?}"
    );
    assert!(said[1].starts_with("weir.toml:2:"), "{said:?}");
    let said =
        faults("[providers.lab]\ndialect = \"openai-completions\"\nbase_url = \"http://x\"\n");
    assert!(said[0].contains("got \"openai-completions\""), "{said:?}");
    let said = faults("[providers.lab]\ndialect = \"smoke\"\nbase_url = \"ftp://x\"\n");
    assert!(
        said[0].contains("expected \"openai-chat\" or \"openai-responses\" or \"anthropic\" or")
            && said[0].contains(", got \"smoke\""),
        "{said:?}"
    );
    assert!(said[1].contains("weir.toml:3:12"), "{said:?}");
    assert_eq!(said.len(), 2);
}

const LAB: &str =
    "[providers.lab]\ndialect = \"openai-chat\"\nbase_url = \"http://127.0.0.1:9/v1/\"\n";

#[test]
fn the_models_of_ones_own_vendor_are_read_to_the_digit() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "top-secret\n").unwrap();
    let text = format!(
        "{LAB}api_key = \"file:{}\"\ndata_policy = {{ training = false, retains_days = 0 }}\n\
         [[providers.lab.models]]\nmodel = \"lab/small\"\ncontext_length = 8192\n\
         price = {{ prompt = \"0.0000001\", completion = \"0.000000000001\", request = \"0.5\" }}\n\
         supported_parameters = [\"tools\", \"stop\"]\n",
        secret.path().display()
    );
    let loaded = parse(&text, &[]).unwrap();
    assert_eq!(loaded.warnings, []);
    let lab = &loaded.config.providers["lab"];
    assert_eq!(lab.api_key.as_ref().unwrap().expose(), "top-secret");
    assert_eq!(lab.base_url.as_deref(), Some("http://127.0.0.1:9/v1"));
    assert_eq!(
        (lab.data_policy.training, lab.data_policy.retains_days),
        (Some(false), Some(0))
    );
    let model = &lab.models[0];
    let price = model.price.as_ref().unwrap();
    assert_eq!(price.price(Unit::Prompt), Some(PicoUsd::new(100_000)));
    assert_eq!(price.price(Unit::Completion), Some(PicoUsd::new(1)));
    assert_eq!(
        price.price(Unit::Request),
        Some(PicoUsd::new(500_000_000_000))
    );
    assert_eq!(model.upstream_id, "small");
    let parameters = model.supported_parameters.unwrap();
    assert!(parameters.contains(Parameter::Tools) && !parameters.contains(Parameter::Seed));
}

#[test]
fn what_the_configuration_leaves_out_is_as_the_catalogue_has_the_model() {
    let catalog = policy::catalog::Catalog::embedded();
    let known = catalog
        .models()
        .iter()
        .find(|model| model.context_length.is_some())
        .unwrap();
    let text = format!(
        "{LAB}[[providers.lab.models]]\nmodel = \"{}\"\n[[providers.lab.models]]\nmodel = \"lab/new\"\n",
        known.slug
    );
    let config = parse(&text, &[]).unwrap().config;
    let own: Vec<_> = config.providers["lab"].own_models(&catalog).collect();
    assert_eq!(own[0].context_length, known.context_length);
    assert_eq!(own[0].parameters, known.parameters);
    assert!(own[1].parameters.contains(Parameter::Temperature) && own[1].prices.is_none());
}

#[test]
fn faults_of_models_are_named_by_their_place_in_the_list() {
    let text = format!(
        "{LAB}[[providers.lab.models]]\nmodel = \"small\"\nprice = {{ prompt = 0.1, tokens = \"1\" }}\n\
         [[providers.lab.models]]\nmodel = \"lab/a\"\nsupported_parameters = [\"tool\", 5]\n\
         price = {{ completion = \"-1\" }}\n\
         [[providers.lab.models]]\nmodel = \"lab/a\"\n"
    );
    let said = faults(&text);
    let places: Vec<_> = said
        .iter()
        .filter_map(|line| line.split('`').nth(1))
        .collect();
    assert_eq!(
        places,
        [
            "providers.lab.models[0].model",
            "providers.lab.models[0].price.prompt",
            "providers.lab.models[0].price.tokens",
            "providers.lab.models[1].supported_parameters",
            "providers.lab.models[1].supported_parameters",
            "providers.lab.models[1].price.completion",
            "providers.lab.models[2].model",
        ],
        "{said:#?}"
    );
}

#[test]
fn a_reference_that_leads_nowhere_is_a_fault_and_a_literal_a_warning() {
    let said = faults("[providers.openai]\napi_key = \"env:NOT_SET\"\n");
    assert!(
        said[0].contains("the variable \"NOT_SET\" is not set"),
        "{said:?}"
    );
    let said = faults("[providers.openai]\napi_key = \"file:/nowhere/at/all\"\n");
    assert!(said[0].contains("cannot be read"), "{said:?}");
    let loaded = parse("[providers.openai]\napi_key = \"sk-literal\"\n", &[]).unwrap();
    assert!(
        loaded.warnings[0].say.contains("in the open"),
        "{:?}",
        loaded.warnings
    );
}

#[test]
fn no_secret_is_printed() {
    let text = "[providers.openai]\napi_key = \"sk-hidden-1\"\n[providers.lab]\ndialect = \"openai-chat\"\n\
                base_url = \"http://127.0.0.1:9\"\napi_key = \"env:LAB_KEY\"\n[database]\nurl = \"sqlite:hidden-4\"\n";
    let pairs = [
        ("LAB_KEY", "hidden-2"),
        ("WEIR_PROVIDERS_GROQ_API_KEY", "hidden-3"),
    ];
    let loaded = parse(text, &pairs).unwrap();
    assert_eq!(loaded.config.providers.len(), 3);
    let shown = format!("{loaded:?} {:#?}", loaded.config);
    assert!(!shown.contains("hidden"), "{shown}");
    let wrong = parse(
        "[database]\nurl = \"postgres://u:hidden@h/d\"\n[providers.openai]\napi_key = 5150\n",
        &[],
    );
    let said = wrong.unwrap_err().to_string();
    assert!(
        said.contains("SQLite") && !said.contains("hidden") && !said.contains("5150"),
        "{said}"
    );
}

#[test]
fn a_missing_file_is_named() {
    let arguments = Arguments {
        config: Some("/nowhere/weir.toml".into()),
        ..Arguments::default()
    };
    let said = Config::load(&arguments, &Map::new())
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("/nowhere/weir.toml: cannot be read"),
        "{said}"
    );
}

#[test]
fn durability_is_read() {
    let config = parse("[data]\ndurability = \"power\"\n", &[])
        .unwrap()
        .config;
    assert_eq!(config.data.durability, Durability::Power);
}

proptest! {
    #[test]
    fn no_file_makes_it_panic_and_every_fault_has_a_place_in_it(
        text in "(\\[{1,2}(server|providers|providers\\.lab|data)\\]{1,2}\n|[a-z_]{1,9} = ([0-9]{1,4}|\"[ä-ü]{0,3}\"|\\{\\}|\\[\\])\n|[\\[\\]=\"\n]){0,12}",
    ) {
        if let Err(problems) = parse(&text, &[]) {
            prop_assert!(!problems.0.is_empty());
            for problem in problems.0 {
                let Place::File { line, column, .. } = problem.place else { continue };
                let found = text.split('\n').nth(line - 1);
                prop_assert!(found.is_some_and(|found| column <= found.chars().count() + 1), "{line}:{column}");
            }
        }
    }

    #[test]
    fn a_number_in_bounds_is_taken_and_one_out_of_bounds_refused(number in 0_u64..3_000) {
        let parsed = parse(&format!("[server]\nthreads = {number}\n"), &[]);
        if number <= 1_024 {
            prop_assert_eq!(u64::try_from(parsed.unwrap().config.server.threads).unwrap(), number);
        } else {
            prop_assert!(parsed.is_err());
        }
    }
}
