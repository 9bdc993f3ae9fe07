"""The fields that servers work in: a fixed list of our own, with words that speak for each.

    >>> "weather" in DOMAINS
    True

Words are lower-case and matched whole, with or without a plural `s`.
"""

DOMAINS: dict[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "accounting": "invoice ledger bookkeeping receipt reconcile payroll expense accounting vat",
        "advertising": "campaign ads advertiser audience impression keyword seo marketing adset",
        "agriculture": "crop farm soil livestock harvest irrigation agriculture",
        "astronomy": "planet star telescope orbit satellite asteroid astronomy galaxy",
        "automotive": "vehicle car vin dealership engine mileage automotive",
        "banking": "bank iban loan transfer deposit mortgage overdraft",
        "biology": "gene protein genome dna species sequence organism biology",
        "books": "book author isbn chapter library publisher novel",
        "calendar": "calendar event meeting appointment attendee reminder availability agenda",
        "chemistry": "molecule compound smiles reaction chemical chemistry reagent",
        "cloud": "aws azure gcp kubernetes bucket instance deployment container cluster terraform docker lambda",
        "communication": "email mail inbox sms mailbox slack discord telegram whatsapp chat message channel",
        "construction": "building contractor blueprint construction renovation",
        "cryptocurrency": "crypto bitcoin ethereum wallet token blockchain nft defi",
        "customer-support": "ticket helpdesk zendesk complaint escalation support faq",
        "data-analysis": "csv dataframe column chart plot statistics dataset aggregate pivot histogram",
        "databases": "sql database table query schema sqlite postgres mysql duckdb mongodb collection",
        "design": "color colour palette figma font layout shape svg design",
        "documents": "document pdf docx word paragraph heading slide presentation markdown footnote",
        "education": "course student lesson quiz teacher exam school grade curriculum",
        "energy": "electricity solar grid battery energy kwh turbine",
        "files": "file folder directory path archive zip upload filesystem",
        "fitness": "workout exercise calories fitness gym training heart",
        "food": "recipe restaurant ingredient meal menu cuisine dish",
        "games": "game player steam quest chess dice leaderboard",
        "geography": "map latitude longitude geocode coordinates route elevation country",
        "government": "permit census legislation parliament tax government passport",
        "healthcare": "patient medication diagnosis doctor symptom clinic prescription medical",
        "human-resources": "employee candidate recruit job resume vacancy leave onboarding",
        "insurance": "policyholder premium claim insurance coverage underwriting",
        "law": "court contract clause statute legal attorney lawsuit",
        "logistics": "shipment parcel warehouse freight courier tracking delivery inventory",
        "manufacturing": "machine assembly factory cnc production bom",
        "mathematics": "matrix integral derivative equation prime logarithm trigonometric algebra theorem polynomial calculate",
        "media": "image video audio photo thumbnail transcode subtitle camera",
        "movies": "movie film actor director cinema episode series tv",
        "music": "song album artist playlist lyrics track spotify chord",
        "news": "news headline article journalist rss feed",
        "productivity": "note todo task project board backlog notion kanban reminder",
        "programming": "code function compile debug lint python javascript snippet regex test package",
        "real-estate": "property rent tenant landlord apartment listing estate",
        "security": "password vulnerability encrypt hash certificate malware firewall secret",
        "shopping": "product cart order checkout price shop catalog discount refund",
        "social-media": "tweet post follower hashtag instagram twitter reddit linkedin like",
        "sports": "match team league score tournament football basketball athlete",
        "stocks": "stock ticker dividend portfolio share earnings etf forex bond",
        "telecommunications": "sim roaming carrier broadband prepaid telecom",
        "time-and-units": "timezone convert unit celsius kilometer clock currency duration measurement",
        "travel": "flight hotel booking airport itinerary trip airline destination",
        "version-control": "git commit branch repository merge pull diff stash github gitlab",
        "weather": "weather forecast temperature rain humidity wind storm",
        "web": "browser url webpage html scrape crawl search screenshot dom navigate",
    }.items()
}
"""Domain -> words that speak for it."""
