// SPDX-License-Identifier: Apache-2.0

// usage: client ERA stdio|http TARGET. What matrix.py asks of every client, with the Go SDK.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"runtime/debug"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const run = "py_run_script_with_dependencies"

type seen struct {
	Version  string `json:"version"`
	Wire     string `json:"wire"`
	Tools    int    `json:"tools"`
	Run      string `json:"run"`
	Progress int    `json:"progress"`
	Cancel   string `json:"cancel"`
}

type arguments map[string]any

func version() string {
	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if module.Path == "github.com/modelcontextprotocol/go-sdk" {
			return module.Version
		}
	}
	return "unknown"
}

func transport(way, target string) mcp.Transport {
	if way == "http" {
		return &mcp.StreamableClientTransport{Endpoint: target}
	}
	command := exec.Command(target, "serve")
	command.Stderr = os.Stderr
	return &mcp.CommandTransport{Command: command}
}

// call decodes the structured result into ret.
func call(ctx context.Context, session *mcp.ClientSession, tool string, given arguments, ret any) error {
	params := &mcp.CallToolParams{Name: tool, Arguments: given}
	params.SetProgressToken("token")
	result, err := session.CallTool(ctx, params)
	if err != nil {
		return err
	}
	text, err := json.Marshal(result.StructuredContent)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, ret)
}

func cancel(ctx context.Context, session *mcp.ClientSession, begun <-chan struct{}) (string, error) {
	label := os.Getenv("LABEL")
	one, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		var nothing struct{}
		ended <- call(one, session, run,
			arguments{"script_content": os.Getenv("FOREVER"), "job_label": label}, &nothing)
	}()
	<-begun
	stop()
	if err := <-ended; err == nil {
		return "", fmt.Errorf("the call that was cancelled came back")
	}
	for {
		var list struct {
			Jobs []struct{ Label, Status string }
		}
		if err := call(ctx, session, "py_list_jobs", arguments{}, &list); err != nil {
			return "", err
		}
		for _, job := range list.Jobs {
			if job.Label == label && job.Status != "running" {
				return job.Status, nil
			}
		}
	}
}

func talk(era, way, target string) (*seen, error) {
	heard := make(chan struct{}, 1000)
	ctx := context.Background()
	client := mcp.NewClient(&mcp.Implementation{Name: "matrix", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(context.Context, *mcp.ProgressNotificationClientRequest) {
			heard <- struct{}{}
		},
	})
	options := &mcp.ClientSessionOptions{}
	if era == "legacy" {
		options.ProtocolVersion = "2025-11-25"
	}
	session, err := client.Connect(ctx, transport(way, target), options)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	ret := &seen{Version: version(), Wire: session.InitializeResult().ProtocolVersion}

	tools, err := session.ListTools(ctx, nil)
	if err != nil {
		return nil, err
	}
	ret.Tools = len(tools.Tools)

	var result struct{ Stdout string }
	if err := call(ctx, session, run, arguments{"script_content": "print(6 * 7)"}, &result); err != nil {
		return nil, err
	}
	ret.Run = result.Stdout

	if err := call(ctx, session, run, arguments{"script_content": os.Getenv("STEPS")}, &result); err != nil {
		return nil, err
	}
	for ; len(heard) > 0; ret.Progress++ {
		<-heard
	}
	ret.Cancel, err = cancel(ctx, session, heard)
	return ret, err
}

func main() {
	ret, err := talk(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	text, _ := json.Marshal(ret)
	fmt.Println(string(text))
}
