"""Words of tool names and parameters, by what they say of a tool.

    "delete" in WRITES      # changes something, wherever in a name it stands
    "post" in NOUNS         # changes something where it is the verb; after a verb that reads it is a noun: get_post
    "get" in READS          # reads
    "validate" in LEANS     # reads where the server declares so; the word by itself is not enough

A word that is in none of them says nothing, and what says nothing is not taken for reading.
"""

READS = frozenset(
    "browse calculate calculates compare compares compute computes count counts describe describes enumerate estimate "
    "estimates fetch fetches find finds get gets list lists locate look lookup read reads retrieve retrieves search "
    "searches view whoami".split()
)
PLURAL = frozenset("browse compare count counts enumerate find list lists search searches".split())
"""Verbs that take one thing in the singular for no object: `list_posts`, but `list_push` pushes to a list."""

COMPUTES = frozenset("calculate calculates compare compares compute computes count counts estimate estimates".split())

LEANS = frozenset(
    "analyse analyze audit average blame cat changelog check checks classify convert decode detect determine diff "
    "directory discover display echo encode exists explain extract filter forecast glob grep has hash head health help "
    "history identify info inspect is lint log logs ls mean measure monitor observe obtain outline parse peek ping poll "
    "predict preview profile query rank recommend reflog scan schema show simulate size solve stat statistics stats "
    "status sum summarise summarize test trace translate tree validate verify version wait weather which".split()
)
HEADS = frozenset(
    "account accounts agenda all balance balances calendar catalog catalogue contact contacts current date details "
    "directory docs documentation environment event events facts inbox item items latest metadata my news now overview "
    "price prices quote quotes rates recent stock summary time timeline today top trending user users world your".split()
)
"""Words of names without a verb (`account_balance`), which the server has to declare, as for those that lean."""

WRITES = frozenset(
    "abolish abort accept acheter annihilate ban buy consume dequeue destruct drain eradicate evict expunge forget obliterate "
    "reinstate relocate unlist vacate zeroize "
    "acknowledge activate actualizar add agregar ajouter aktualisieren allocate alter amend anlegen "
    "apagar append apply approve assign attach atualizar authorize bestellen bezahlen bind borrar buchen cambiar cancel "
    "cancelar cancella clean cleanup clear clone compact comprar configure cp crea crear create creer criar deactivate "
    "decline decrement del delete demote deny deprecate deregister destroy detach disable discard disconnect dismiss drop "
    "edit editar effacer eject elimina eliminar eliminare enable encrypt enqueue enviar envoyer erase erstellen escribir "
    "eval excluir exec execute expire finalize finish fix flush freeze generate give guardar halt incr increment init "
    "initialise initialize inject insert install invalidate invia inviare invoke kill launch loesche loeschen logout "
    "losche loschen make migrate mkdir modificar modifier modify mount mutate mv nuke overschrijven overwrite paga pagar "
    "pay payer persist pop prepend promote provision publicar publish purge put reauthorize rebase reboot recreate reject "
    "reload remove remover rename renew reorder repair replace requeue reschedule reset resize resolve restart restore "
    "retry revert revoke rewrite rid rm rmdir rollback rotate salvar save schreiben sell send sende senden setze shred "
    "shutdown spawn speichern submit subscribe supprimer suspend terminate toggle touch transition truncate uberweisen "
    "ueberweisen unapprove unassign unblock undelete undo unfollow uninstall unlink unlock unmerge unmount unpin "
    "unprotect unpublish unregister unset unshare unsubscribe untag unwatch upd upgrade upsert vernichten versenden "
    "verwijder verwijderen wipe withdraw write yank zahle zahlen zap".split()
)
NOUNS = frozenset(
    "access ack alert allow archive arm backup ban bid block book boot branch bridge broadcast bump burn buy call capture "
    "change charge checkin checkout cherry claim click close comment commit complete confirm connect copy "
    "delegate deliver deploy deposit dial dispatch dock download draft drag email empty end enrol enroll escalate "
    "exchange exit export feature file fill fire flag follow force fork format forward fund grant hide hire hold hook "
    "hover import index invite issue join label lease leave lend like limit load lock login mail mark merge message mint "
    "monitor move mute nominate note notify offer open order pack park patch pause pin place plan play poll post power "
    "prepare press print process pull purchase push queue quit rate react receive record recover refresh refund register "
    "release rent reply report request rerun reserve respond resume return review reward route run scale schedule "
    "screenshot scroll seed select set share ship sign skip sleep snapshot snooze sort spend split stage stake star start "
    "stash stop store stream subtract swap switch sync tag take text throttle tip trade train transfer trash trigger turn "
    "tweet type update upload upvote use void vote vouch warn watch wire wrap zip".split()
)
THINGS = frozenset(
    "archive backup book branch charge claim comment commit deposit draft email export feature file fund grant invite "
    "issue label lease lock log mail message note offer order park patch place plan post process purchase queue record "
    "refund register release report request review reward route run schedule screenshot seed share snapshot stage star "
    "store stream tag text trade train transfer tweet vote".split()
)
"""Those of them that one looks for in the singular, too: find_order."""

JOINS = frozenset("after also and before dann else et n oder or ou plus then und y".split())
"""What may be followed by a second verb."""

SPOILS = frozenset(
    {("check", "in"), ("check", "out"), ("get", "set"), ("get", "started"), ("git", "fetch"), ("list", "for"), ("look", "after"),
     ("mark", "read")}
)
"""Pairs of words that mean something else than their parts."""

CODE = frozenset(
    "action actions argv bash body cmd cmdline cmds code command commands content contents cypher eval form graphql headers "
    "javascript js json macro method mutation op operation operations payload pipeline program python script scripts shell sql "
    "statement statements verb".split()
)
"""Parameters that hold, or choose, what is done."""

CODE_ENDS = frozenset("body cmd command payload script statement verb".split())
SPOKEN = frozenset("bash cypher graphql javascript mutation sql".split())
"""Words that make any parameter one of them."""

CHOOSES = frozenset("action command method op operation verb".split())
"""Those of them that are harmless where the schema lists choices, and every choice reads."""

DEEDS = frozenset(
    "archive block book charge close commit deploy dispatch lock merge move order post purchase refund release rent reserve "
    "share ship trade transfer trigger upload upvote".split()
)
"""Those of `NOUNS` that, where a description says them in the third person, say what is done."""

ACTING = frozenset("callback callbacks effect effects recipient recipients webhook webhooks".split())
"""Words of parameters by which somebody is told, or something is done, besides."""

COUNTS = frozenset(
    "amount cents count counts days depth hour hours id ids index length level levels limit max maximum min minimum minute "
    "minutes month months number numbers offset order page pages percent position price quantity rank rate score seconds size "
    "total version week weeks width height year years".split()
)
"""Last words of parameters whose whole number is no yes or no."""

HOLDS = frozenset(
    "dry dryrun noop norun nowrite preview previewonly readonly safe safemode sandbox simulate simulation testmode whatif".split()
)
"""Parameters that hold a tool back where they are yes, and let it act where they are no."""

OUTPUTS = frozenset("dest destination download export local out outfile output save target".split())
PLACES = frozenset("as dir directory file filename filepath folder path to".split())
"""A parameter that has a word of both names what is written."""
