// SPDX-License-Identifier: Apache-2.0

// usage: client ERA stdio|http TARGET. What matrix.py asks of every client, with rmcp.

use std::env;
use std::error::Error;

use rmcp::model::{
    CallToolRequestParams, ClientRequest, ProgressNotificationParam, ProtocolVersion, Request,
    ServerResult,
};
use rmcp::service::{NotificationContext, PeerRequestOptions, RequestHandle, RunningService};
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::mpsc;

const RUN: &str = "py_run_script_with_dependencies";

type Failure = Box<dyn Error>;
type Session = RunningService<RoleClient, Listener>;

/// Hands on that progress was told.
struct Listener(mpsc::UnboundedSender<()>);

impl ClientHandler for Listener {
    async fn on_progress(&self, _: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let _ = self.0.send(());
    }
}

async fn connect(
    era: &str,
    way: &str,
    target: &str,
    listener: Listener,
) -> Result<Session, Failure> {
    let mode = match era {
        "legacy" => ClientLifecycleMode::Initialize,
        _ => ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: None,
        },
    };
    if way == "http" {
        let transport = StreamableHttpClientTransport::from_uri(target);
        return Ok(listener.serve_with_lifecycle(transport, mode).await?);
    }
    let mut command = Command::new(target);
    command.arg("serve");
    let transport = TokioChildProcess::new(command)?;
    Ok(listener.serve_with_lifecycle(transport, mode).await?)
}

/// A call on its way; it has a progress token of the library's own.
async fn begin(
    session: &Session,
    tool: &str,
    arguments: Value,
) -> Result<RequestHandle<RoleClient>, Failure> {
    let mut params = CallToolRequestParams::new(tool.to_string());
    params.arguments = arguments.as_object().cloned();
    let request = ClientRequest::CallToolRequest(Request::new(params));
    Ok(session
        .send_cancellable_request(request, PeerRequestOptions::no_options())
        .await?)
}

async fn call(session: &Session, tool: &str, arguments: Value) -> Result<Value, Failure> {
    match begin(session, tool, arguments)
        .await?
        .await_response()
        .await?
    {
        ServerResult::CallToolResult(result) => result
            .structured_content
            .ok_or_else(|| "no structured content".into()),
        other => Err(format!("not a tool's result: {other:?}").into()),
    }
}

/// How the job with this label ended.
async fn ended(session: &Session, label: &str) -> Result<String, Failure> {
    loop {
        let list = call(session, "py_list_jobs", json!({})).await?;
        let jobs = list["jobs"].as_array().ok_or("no list of jobs")?;
        for job in jobs {
            let status = job["status"].as_str().unwrap_or("");
            if job["label"] == label && status != "running" {
                return Ok(status.to_string());
            }
        }
    }
}

async fn talk(era: &str, way: &str, target: &str) -> Result<Value, Failure> {
    let (send, mut heard) = mpsc::unbounded_channel();
    let session = connect(era, way, target, Listener(send)).await?;
    let wire = session
        .peer_info()
        .ok_or("no handshake")?
        .protocol_version
        .to_string();
    let tools = session.list_all_tools().await?.len();
    let run = call(&session, RUN, json!({"script_content": "print(6 * 7)"})).await?;

    call(&session, RUN, json!({"script_content": env::var("STEPS")?})).await?;
    let mut progress = 0;
    while heard.try_recv().is_ok() {
        progress += 1;
    }

    let label = env::var("LABEL")?;
    let forever = json!({"script_content": env::var("FOREVER")?, "job_label": label});
    let running = begin(&session, RUN, forever).await?;
    heard.recv().await;
    running.cancel(None).await?;
    let cancel = ended(&session, &label).await?;

    session.cancel().await?;
    Ok(json!({"version": "3.9.0", "wire": wire, "tools": tools,
              "run": run["stdout"], "progress": progress, "cancel": cancel}))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = env::args().collect();
    println!("{}", talk(&words[1], &words[2], &words[3]).await?);
    Ok(())
}
