//! Model servers on this machine.

use providers::{
    Client,
    local::{LocalModel, Ports, discover},
};

use crate::server::{Server, response};

const JSON: &str = "application/json";

/// A port on which nobody listens.
fn closed() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn model(id: &str, context_length: Option<u64>) -> LocalModel {
    LocalModel {
        id: id.to_owned(),
        context_length,
    }
}

#[test]
fn the_ports_are_those_of_the_table() {
    let Ports {
        ollama,
        llama_cpp,
        vllm,
        lm_studio,
        sglang,
    } = Ports::default();
    for (id, port) in [
        ("ollama", ollama),
        ("llama-cpp", llama_cpp),
        ("vllm", vllm),
        ("lm-studio", lm_studio),
        ("sglang", sglang),
    ] {
        assert_eq!(providers::find(id).unwrap().local_port, Some(port), "{id}");
    }
}

#[tokio::test]
async fn servers_are_found_with_their_models() {
    let ollama = Server::start(|path| match path {
        "/api/tags" => response(
            "200 OK",
            JSON,
            r#"{"models":[{"name":"gemma3:latest","model":"gemma3:latest"},{"name":"qwen3"}]}"#,
        ),
        _ => response("404 Not Found", JSON, "{}"),
    })
    .await;
    let llama_cpp = Server::start(|path| match path {
        "/v1/models" => response(
            "200 OK",
            JSON,
            r#"{"data":[{"id":"small","owned_by":"llamacpp","meta":{"n_ctx_train":32768}}]}"#,
        ),
        "/props" => response(
            "200 OK",
            JSON,
            r#"{"default_generation_settings":{"n_ctx":4096}}"#,
        ),
        _ => response("404 Not Found", JSON, "{}"),
    })
    .await;
    let vllm = Server::start(|_| {
        let body = r#"{"data":[{"id":"big","owned_by":"vllm","max_model_len":8192}]}"#;
        response("200 OK", JSON, body)
    })
    .await;
    let lm_studio = Server::start(|path| match path {
        "/api/v0/models" => response(
            "200 OK",
            JSON,
            r#"{"data":[{"id":"vectors","type":"embeddings"},{"id":"desk","type":"llm","max_context_length":4096}]}"#,
        ),
        _ => response("404 Not Found", JSON, "{}"),
    })
    .await;
    let sglang = Server::start(|_| {
        let body = r#"{"data":[{"id":"fast","owned_by":"sglang","max_model_len":2048}]}"#;
        response("200 OK", JSON, body)
    })
    .await;
    let ports = Ports {
        ollama: ollama.port,
        llama_cpp: llama_cpp.port,
        vllm: vllm.port,
        lm_studio: lm_studio.port,
        sglang: sglang.port,
    };
    let found = discover(&Client::new().unwrap(), ports).await;
    let ids: Vec<_> = found.iter().map(|found| found.provider.id).collect();
    assert_eq!(ids, ["ollama", "llama-cpp", "vllm", "lm-studio", "sglang"]);
    assert_eq!(found[3].models, [model("desk", Some(4_096))]);
    assert_eq!(found[4].models, [model("fast", Some(2_048))]);
    assert_eq!(
        found[0].models,
        [model("gemma3:latest", None), model("qwen3", None)]
    );
    assert_eq!(found[1].models, [model("small", Some(4_096))]);
    assert_eq!(found[2].models, [model("big", Some(8_192))]);
    assert_eq!(
        found[1].base_url,
        format!("http://127.0.0.1:{}/v1", llama_cpp.port)
    );
}

#[tokio::test]
async fn somebody_else_on_the_port_is_not_taken_for_a_model_server() {
    let page = Server::start(|_| response("200 OK", "text/html", "<html>Jenkins</html>")).await;
    let other = Server::start(|_| {
        response(
            "200 OK",
            JSON,
            r#"{"data":[{"id":"x","owned_by":"somebody"}]}"#,
        )
    })
    .await;
    let mute = Server::mute().await;
    let client = Client::new().unwrap();
    for port in [page.port, other.port, mute.port, closed()] {
        let ports = Ports {
            ollama: port,
            llama_cpp: port,
            vllm: port,
            lm_studio: port,
            sglang: port,
        };
        assert_eq!(discover(&client, ports).await, []);
    }
}
