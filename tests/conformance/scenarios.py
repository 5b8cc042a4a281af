# SPDX-License-Identifier: Apache-2.0
"""The scenarios of the official suite that concern a server, by revision of the protocol.

SCORED and UNSCORED are what `conformance server --requirements REVISION` runs, as the suite's own
requirement files name them: a run that has more or fewer is a failure. For OLDER revisions it has
no such files, and runs what applies to them. REAL are those that need no fixture, or few, for
`cordon serve --http` itself; a check that misses a fixture there is none.
"""

SCORED = {
    "2026-07-28": """
        server-stateless completion-complete tools-list tools-call-simple-text tools-call-image
        tools-call-audio tools-call-embedded-resource tools-call-mixed-content tools-call-error
        tools-call-with-progress server-sse-multiple-streams resources-list resources-read-text
        resources-read-binary resources-templates-read sep-2164-resource-not-found prompts-list
        prompts-get-simple prompts-get-with-args prompts-get-embedded-resource
        prompts-get-with-image dns-rebinding-protection caching
        input-required-result-basic-elicitation input-required-result-basic-sampling
        input-required-result-basic-list-roots input-required-result-request-state
        input-required-result-multiple-input-requests input-required-result-multi-round
        input-required-result-missing-input-response input-required-result-non-tool-request
        input-required-result-result-type input-required-result-unsupported-methods
        input-required-result-tampered-state input-required-result-capability-check
        input-required-result-ignore-extra-params input-required-result-validate-input
    """.split(),
    "2025-11-25": """
        server-initialize logging-set-level ping completion-complete tools-list
        tools-call-simple-text tools-call-image tools-call-audio tools-call-embedded-resource
        tools-call-mixed-content tools-call-with-logging tools-call-error
        tools-call-with-progress tools-call-sampling tools-call-elicitation
        elicitation-sep1034-defaults server-sse-multiple-streams elicitation-sep1330-enums
        resources-list resources-read-text resources-read-binary resources-templates-read
        resources-subscribe resources-unsubscribe prompts-list prompts-get-simple
        prompts-get-with-args prompts-get-embedded-resource prompts-get-with-image
        dns-rebinding-protection
    """.split(),
}

UNSCORED = {
    "2026-07-28": """
        tasks-lifecycle tasks-capability-negotiation tasks-wire-fields
        tasks-request-state-removal tasks-mrtr-input tasks-request-headers
        tasks-dispatch-and-envelope tasks-status-notifications tasks-required-task-error
        tasks-mrtr-composition json-schema-2020-12 http-header-validation
        http-custom-header-server-validation
    """.split(),
    "2025-11-25": """
        server-session-lifecycle json-schema-2020-12 server-sse-polling
    """.split(),
}

OLDER = {
    "2025-06-18": """
        server-initialize server-session-lifecycle logging-set-level ping completion-complete
        tools-list tools-call-simple-text tools-call-image tools-call-audio
        tools-call-embedded-resource tools-call-mixed-content tools-call-with-logging
        tools-call-error tools-call-with-progress tools-call-sampling tools-call-elicitation
        resources-list resources-read-text resources-read-binary resources-templates-read
        resources-subscribe resources-unsubscribe prompts-list prompts-get-simple
        prompts-get-with-args prompts-get-embedded-resource prompts-get-with-image
    """.split(),
    "2025-03-26": ["server-session-lifecycle"],
}

REAL = {
    "2026-07-28": """
        server-stateless tools-list server-sse-multiple-streams resources-list prompts-list
        sep-2164-resource-not-found dns-rebinding-protection caching
        input-required-result-unsupported-methods http-header-validation
    """.split(),
    "2025-11-25": """
        server-initialize server-session-lifecycle ping tools-list server-sse-multiple-streams
        resources-list resources-subscribe resources-unsubscribe prompts-list
        dns-rebinding-protection
    """.split(),
}
