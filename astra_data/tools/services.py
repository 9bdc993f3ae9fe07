"""Words of names that say that a program works elsewhere than in its folder, and of settings that say nothing of the kind.

    service("mcp-server-docker"), service("@acme/k8s-mcp")      # 'docker', 'k8s'
    service("mcp-server-time")                                  # None
"""

import re

from astra_data.tools.naming import words

SERVICES = frozenset(
    "adb airtable alchemy algolia alpaca amazon android ansible api apple applescript arangodb asana atlassian auth0 "
    "automation aws azure bank bigquery binance bitbucket bitwarden blockchain bluetooth box bridge browser bucket calendar "
    "cassandra chrome chromium cicd clickhouse clickup cloud cloudflare cockroach coinbase command commander computer "
    "confluence console container containers cosmos couch couchbase crawl crawler crypto curl database databases databricks "
    "datadog db desktop device devices digitalocean discord docker dropbox duckduckgo dynamo dynamodb elastic elasticsearch "
    "email ethereum evernote exa exchange exec facebook fetch figma firebase firecrawl firefox firestore ftp gateway gcloud "
    "gcp gdrive gitea github gitlab gmail google grafana graphql hass helm heroku hetzner homeassistant http https hubspot "
    "ifttt imap influx influxdb instagram intercom ios iot iterm jdbc jenkins jira k8s kafka kube kubectl kubernetes ldap "
    "linkedin live macos mail mailchimp mailgun mariadb memcached microsoft milvus minio mobile mongo mongodb monitor mqtt "
    "ms365 mssql mysql n8n nats neo4j neon netlify newrelic notion obsidian odbc office365 okta onedrive onepassword "
    "opensearch openshift oracle osascript outlook pagerduty payment payments paypal pg pinecone planetscale playwright "
    "podman portainer postgres postgresql powershell prod production prometheus proxmox proxy psql pulumi puppeteer qdrant "
    "quickbooks rabbitmq reddit redis redshift relay remote rest rpc s3 salesforce sap selenium sendgrid sentry serverless "
    "servicenow sftp sharepoint shell shopify slack smb sms smtp snowflake snowpark sns solana splunk spotify sqs ssh "
    "staging stripe supabase teams telegram telnet terminal terraform tiktok tmux todoist trading trello tunnel turso "
    "twilio twitter valkey vault vercel vnc wallet weaviate web web3 webhook whatsapp windows wordpress xero youtube zapier "
    "zendesk".split()
)
LONG = tuple(word for word in sorted(SERVICES) if len(word) >= 5)
"""Those that are found inside of words, too."""

SETTINGS = frozenset(
    "asynciodebug bytecode caps case color colors columns colour count currency date dateformat debug decimals delay depth "
    "digits encoding features format functions height indent interval iterations json lang language lc level levels limit "
    "limits locale log logging max min mode nosystem now precision pretty quiet retries rounding rows seconds seed size "
    "sizes style telemetry theme time timeout timezone tools toolset toolsets transport tz unbuffered unit units utf "
    "verbose verbosity width write".split()
)
"""Last words of settings whose values say how a program works, and not where."""
FILED = frozenset("dir directory file filename files folder folders path paths root".split())
"""Last words of flags whose values are places: plain ones lie in the workspace."""


def service(name: str, *, whole: bool = False) -> str | None:
    """The word by which a name says so; `whole` does not look inside of words."""
    lower = name.lower()
    parts = {*re.findall("[a-z0-9]+", lower), *words(name)}
    inside = () if whole else (word for word in LONG if word in lower)
    return min(parts & SERVICES, default=None) or next(iter(inside), None)
