"""An agent's day through the official Python client, by the same steps and checks as typescript.mjs.

Reads {url, query, key, known, person, steps} as JSON from the standard input; writes what was listed, sent and received.
"""

import asyncio
import json
import re
import sys
import urllib.request

import httpx2
from jsonschema import Draft202012Validator
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


def at(data, path):
    """The value at a path like `events.0.key`."""
    for name in path.split("."):
        if isinstance(data, list):
            data = len(data) if name == "length" else data[int(name)] if int(name) < len(data) else None
        else:
            data = data.get(name) if isinstance(data, dict) else None
    return data


def filled(value, known):
    """Text, lists and objects with {names} replaced by what is known; a name of which nothing is known stays."""
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: known.get(found.group(1)) or found.group(0), value)
    if isinstance(value, list):
        return [filled(item, known) for item in value]
    if isinstance(value, dict):
        return {name: filled(item, known) for name, item in value.items()}
    return value


def mismatches(schema, value, what):
    return [f"{what}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)]


def wrong_arguments(tool, arguments):
    """What is wrong with a call before it is sent."""
    if tool is None:
        return ["is not listed"]
    return mismatches({**tool["inputSchema"], "additionalProperties": False}, arguments, "arguments")


def wrong_answer(tool, step, answer, known):
    """What is wrong with an answer."""
    texts = [part.get("text", "") for part in answer["content"]]
    problems = []
    if answer.get("isError"):
        problems.append("is refused: " + "\n".join(texts))
    elif tool and tool.get("outputSchema"):
        problems += mismatches(tool["outputSchema"], answer.get("structuredContent"), "answer")
    problems += [text.split("\n")[0] for text in texts if "Ignored arguments" in text][:1]
    for path, wanted in filled(step.get("expect", {}), known).items():
        found = at(answer.get("structuredContent"), path)
        if found != wanted:
            problems.append(f"{path} is {json.dumps(found)} in place of {json.dumps(wanted)}")
    return problems


def post(given, path, body):
    """The person's part, over REST."""
    headers = {"Authorization": f"Bearer {given['person']}", "Content-Type": "application/json"}
    request = urllib.request.Request(given["url"] + path, json.dumps(body).encode(), headers)
    urllib.request.urlopen(request).read()


async def live_day(given):
    known = given["known"]
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {given['key']}"}, timeout=60)
    transport = streamable_http_client(f"{given['url']}/mcp{given['query']}", http_client=http)
    async with http, Client(transport, mode=given["mode"]) as client:
        listed = await client.list_tools()
        tools = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in listed.tools]
        day = {"instructions": client.instructions or "", "tools": tools, "calls": []}
        for step in given["steps"]:
            tool = next((tool for tool in tools if tool["name"] == step["tool"]), None)
            if given["query"] and tool is None:
                continue
            arguments = filled(step["arguments"], known)
            problems = wrong_arguments(tool, arguments)
            calling = asyncio.ensure_future(client.call_tool(step["tool"], arguments))
            if "meanwhile" in step:
                await asyncio.to_thread(post, given, filled(step["meanwhile"]["post"], known), filled(step["meanwhile"]["body"], known))
            answer = (await calling).model_dump(by_alias=True, exclude_none=True, mode="json")
            problems += wrong_answer(tool, step, answer, known)
            known.update({name: at(answer.get("structuredContent"), path) for name, path in step.get("keep", {}).items()})
            texts = [part.get("text", "") for part in answer["content"]]
            day["calls"].append({"do": step["do"], "tool": step["tool"], "arguments": arguments, "texts": texts, "problems": problems})
        return day


json.dump(asyncio.run(live_day(json.load(sys.stdin))), sys.stdout)
