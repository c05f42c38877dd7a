//! Words that speak for a kind of task, with their weights. `one+two` is a phrase of two words; `word:3` weighs three.
//! Our own list: what people write when they want something, not what a corpus was found to say.
//!
//! tidy: table

use std::sync::LazyLock;

use foldhash::HashMap;

use super::Task;

/// What a word speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// It is about code, of whatever kind.
    Code,
    /// It is this.
    Is(Task),
}

/// What one word says: by itself, and together with the next one.
#[derive(Debug, Default)]
pub(super) struct Cue {
    pub(super) alone: Vec<(Sign, i32)>,
    pub(super) phrases: Vec<(&'static str, Sign, i32)>,
}

/// The cue of each word, in lower case.
pub(super) static CUES: LazyLock<HashMap<&'static str, Cue>> = LazyLock::new(|| {
    let mut cues: HashMap<&'static str, Cue> = HashMap::default();
    for (sign, words) in TABLE {
        for entry in words.split_ascii_whitespace() {
            let (word, weight) = entry.rsplit_once(':').unwrap_or((entry, "1"));
            let weight = weight.parse().unwrap_or(1);
            match word.split_once('+') {
                Some((first, second)) => {
                    let phrases = &mut cues.entry(first).or_default().phrases;
                    phrases.push((second, *sign, weight));
                }
                None => cues.entry(word).or_default().alone.push((*sign, weight)),
            }
        }
    }
    cues
});

#[rustfmt::skip]
const TABLE: &[(Sign, &str)] = &[
    (Sign::Code, "\
        code:2 function:2 method:1 class:1 api:1 endpoint:1 script:2 program:1 compile:2 compiler:2 library:1 module:1 \
        package:1 import:1 def:2 const:2 struct:2 enum:2 async:2 await:1 python:3 rust:3 javascript:3 typescript:3 java:3 \
        kotlin:3 golang:3 swift:2 ruby:2 php:3 scala:2 haskell:3 c++:3 c#:3 cpp:3 perl:2 lua:2 elixir:3 react:2 vue:2 svelte:3 \
        django:3 flask:2 fastapi:3 rails:2 node:1 nodejs:3 npm:2 cargo:2 pip:2 regex:3 algorithm:2 recursion:2 recursive:2 \
        codebase:3 repo:2 repository:2 variable:1 parser:2 unit+test:2 unit+tests:2 pytest:3 jest:2 git:2 commit:1 branch:1 \
        merge:1 sdk:2 cli:2 json:1 struct:2 pointer:2 null+pointer:3 segfault:4 stack+trace:3 pull+request:2 linked+list:3 \
        binary+tree:3 hash+map:3 hashmap:3 binary+search:3 type+error:2 backend:2 frontend:2 websocket:2 middleware:3 \
        mutex:3 thread:1 goroutine:4 decorator:2 iterator:2 generics:2 lifetime:1 borrow+checker:4 go+program:2 line+of:0 \
        implementation:1 implement:2 refactor:2 css:2 html:2 sql:2 bash:2 dockerfile:2 crate:2 callback:2 closure:2"),
    (Sign::Is(Task::CodeGeneral), "\
        implement:4 write+code:3 refactor:4 code:1 function:2 program:2 write+function:3 algorithm:2 class:1 add+support:2 \
        unit+test:2 unit+tests:3 test+suite:2 write+tests:3 tests+for:2 rewrite+this:1 port+this:3 binding:1 bindings:2 wrapper:2 \
        regex:3 parser:2 generator:1 linked+list:2 binary+tree:2 data+structure:2 api+client:3 rate+limiter:3 crud:3 \
        endpoint:1 decorator:2 middleware:2 cli+tool:2 command+line:1 hash+map:2 docstring:3 docstrings:3 type+hints:3"),
    (Sign::Is(Task::CodeDebugging), "\
        bug:4 bugs:3 debug:5 debugging:5 traceback:6 stacktrace:5 stack+trace:5 exception:4 error:3 errors:2 crash:4 crashes:4 \
        crashing:4 failing:3 fails:3 fail:2 broken:3 fix:3 fixing:2 segfault:6 panic:4 panicked:6 panics:4 typeerror:6 \
        keyerror:6 valueerror:6 nullpointerexception:6 attributeerror:6 indexerror:6 referenceerror:6 syntaxerror:6 \
        nameerror:6 importerror:6 modulenotfounderror:6 undefined:3 not+working:4 doesn't+work:4 isn't+working:4 wrong+output:5 \
        wrong+result:4 wrong+answer:2 infinite+loop:5 memory+leak:5 race+condition:5 deadlock:5 deadlocks:5 off+by:2 hangs:4 \
        flaky:4 regression:2 goes+wrong:3 what's+wrong:4 why+does:1 why+is:1 root+cause:3 stuck:1 unexpected:2 won't+compile:5 \
        doesn't+compile:5 compile+error:5 borrow+checker:3 returns+null:3 returns+undefined:4 returns+nan:4 off-by-one:5 \
        throws:4 throwing:3 timeouts:1 reproduce:2 breakpoint:3 core+dump:5 test+fails:4 tests+fail:4 heisenbug:5 double+free:5"),
    (Sign::Is(Task::CodeFiles), "\
        edit+file:4 edit+the:1 open+file:3 read+file:4 write+file:4 create+file:4 update+file:4 the+file:2 this+file:2 config+file:1 \
        rename+file:4 delete+file:4 append+to:2 save+to:2 save+it:1 overwrite:3 replace+line:4 at+line:2 on+line:2 line+of:0 \
        file+called:4 file+named:4 readme:3 gitignore:3 file+contents:3 new+file:3 files+in:1 apply+patch:4 apply+this:2 patch:2 \
        insert+after:2 main.rs:3 version+field:2 lines+of:0 changelog:2 config.yaml:3 package.json:3 settings.json:3"),
    (Sign::Is(Task::CodeReview), "\
        code+review:6 review:3 review+this:4 review+my:4 pull+request:4 pr:3 diff:3 vulnerabilities+in:2 code+smell:5 code+smells:5 \
        best+practices:2 critique:2 feedback+on:1 look+over:2 sql+injection:3 lgtm:5 reviewer:3 nitpick:4 nitpicks:4 idiomatic:3 \
        readability:3 maintainability:4 before+merging:4 before+i:1 merge+this:3 code+quality:4 thread+safe:2 reviewing:3 \
        any+issues:2 anything+unsafe:3 safe+to:1 clean+code:2"),
    (Sign::Is(Task::CodeShell), "\
        bash:5 shell:5 terminal:4 command+line:3 linux+command:5 command+to:4 one-liner:4 oneliner:4 grep:4 awk:5 sed:4 chmod:5 \
        chown:5 ssh:3 curl:3 find+all:2 cron:4 crontab:5 powershell:5 zsh:4 sudo:4 ffmpeg:4 rsync:5 tar:3 xargs:5 run+command:4 \
        run+the:2 execute+command:4 execute+the:2 disk+space:4 kill+process:5 kill+the:2 port+8080:3 list+files:4 list+all:1 \
        environment+variable:3 apt:3 brew:3 symlink:4 process+is:1 recursively:2 systemd:2 tmux:4 stdout:3 cargo+test:2 npm+run:3 \
        git+rebase:3 git+command:4 shell+script:4 .sh:3 pipe+the:2 directory:2 du+sort:3 folder:1"),
    (Sign::Is(Task::CodeFrontend), "\
        css:5 html:5 react:4 vue:4 svelte:5 angular:4 tailwind:6 button:3 navbar:6 layout:4 flexbox:6 grid+layout:4 landing+page:6 \
        web+page:4 webpage:5 website:4 ui:4 ux:3 dropdown:5 modal:5 responsive:4 frontend:5 component:4 dark+mode:5 animation:3 \
        sidebar:5 carousel:6 hover:4 next.js:4 nextjs:4 svg:3 canvas:3 form+with:2 login+form:4 login+page:4 mobile+view:3 dom:3 \
        jsx:5 tsx:5 stylesheet:5 font:2 padding:4 margin:2 center+a:3 div:5 mockup:3 figma:4 widget:2 media+query:4 color+scheme:3 \
        pricing+page:4 homepage:4 hero+section:6 footer:4 tooltip:5 accessibility:3 aria:4 chart.js:3 d3:3"),
    (Sign::Is(Task::CodeRepository), "\
        codebase:5 repo:4 repository:4 where+is:2 where+are:2 which+files:5 which+file:4 files+that:2 project+structure:5 \
        architecture+of:3 call+sites:5 all+usages:5 usages:4 usages+of:4 references+to:3 defined:3 search+the:1 monorepo:4 \
        module+structure:4 directory+structure:4 entry+point:4 entrypoint:4 dependency+graph:4 explore+the:2 walk+me:2 this+project:3 \
        how+is:1 dead+code:4 never+used:3 unused:2 callers:4 callers+of:4 overview+of:1 organized:2 scan+the:3 across+the:1"),
    (Sign::Is(Task::CodeDevops), "\
        dockerfile:6 docker:4 docker-compose:6 kubernetes:5 k8s:5 helm:5 terraform:6 ansible:5 github+actions:6 gitlab:3 ci:4 cd:2 \
        ci/cd:5 pipeline:2 yaml:3 nginx:4 deployment+manifest:5 manifest:3 workflow+file:4 systemd:3 makefile:4 compose:2 \
        configmap:5 ingress:5 jenkins:5 jenkinsfile:6 cloudformation:6 pulumi:5 prometheus:2 toml:2 env+file:3 webpack:3 vite:2 \
        tsconfig:4 eslint:4 pre-commit:4 container:2 containerize:5 image+build:3 multi-stage:5 build+config:4 circleci:5 argo:4 renovate:4"),
    (Sign::Is(Task::CodeSql), "\
        sql:6 query:4 queries:3 database:4 postgres:5 postgresql:5 mysql:5 sqlite:5 join:3 inner+join:4 left+join:5 select:3 schema:3 \
        table:2 tables:2 index:2 indexes:3 migration:3 group+by:5 where+clause:5 orm:4 mongodb:4 foreign+key:5 primary+key:5 \
        stored+procedure:6 window+function:5 cte:5 transaction:1 explain+analyze:5 bigquery:5 snowflake:4 redis:2 prisma:3 \
        normalize:1 orders+table:4 users+table:4 rows:2 column:2 subquery:6 deadlock+in:1 clickhouse:4 denormalize:4 upsert:5 having:1"),
    (Sign::Is(Task::DataExtraction), "\
        extract:6 extraction:5 pull+out:5 parse+the:2 parse+this:2 invoice:4 receipt:4 resume:2 fields:3 entities:4 named+entities:5 \
        names+and:2 dates+and:1 email+addresses:4 phone+numbers:4 phone+number:2 key+information:3 find+all:1 list+every:3 list+all:1 \
        mentioned+in:3 from+this:2 from+the:1 line+items:4 due+date:3 structured+data:3 return+json:3 as+json:2 return+the:1 \
        identify+all:3 contract:1 total+amount:3 ocr:4 scanned:3 capture:2 addresses:2 people+mentioned:4 ner:4 grab:2"),
    (Sign::Is(Task::DataTransformation), "\
        convert:4 convert+this:3 transform:5 reformat:6 csv:4 json:1 xml:4 yaml:1 to+json:4 to+csv:4 into+json:4 into+a:1 to+yaml:3 \
        to+xml:4 markdown+table:5 normalize:4 clean+up:2 cleanup:2 clean+this:3 deduplicate:5 dedupe:5 sort+these:4 sort+this:4 \
        sort+the:2 iso+8601:4 date+format:4 dates+to:3 format:2 remap:4 pivot:5 flatten:4 merge+these:3 group+these:3 rows:2 \
        columns:3 column:2 spreadsheet:3 uppercase:3 lowercase:3 title+case:4 units:1 tabular:4 delimiter:4 tsv:4 excel:2 alphabetical:3 \
        snake_case:4 camelcase:4 into+rows:3 jsonl:4"),
    (Sign::Is(Task::AgentWorkflow), "\
        workflow:3 automate:3 automatically:1 then+send:3 then+email:3 and+then:2 after+that:2 finally:1 once+done:3 when+done:2 \
        trigger:2 pipeline:1 book+a:3 schedule+a:3 create+ticket:3 then+update:3 then+create:3 then+post:4 end-to-end:3 \
        proceed:3 continue+with:2 next+step:3 carry+out:3 go+ahead:3 complete+the:1 finish+the:1 file+a:1 all+remaining:2 execute+the:1"),
    (Sign::Is(Task::AgentPlanning), "\
        plan:4 plan+for:3 roadmap:5 step-by-step:2 step+plan:4 steps+to:3 steps+needed:4 milestones:5 itinerary:6 strategy:3 break+down:4 \
        break+this:3 subtasks:6 sub-tasks:6 schedule:2 timeline:3 prioritize:4 sequence+of:3 dependencies+between:3 project+plan:5 \
        action+plan:5 study+plan:4 launch+plan:5 migration+plan:5 phases:4 goals:2 okrs:5 backlog:4 sprint:3 organize+a:3 gantt:5 \
        contingency:4 decompose:5 critical+path:4 work+breakdown:5"),
    (Sign::Is(Task::AgentTools), "\
        call+the:2 use+the:2 tool:2 tools:1 invoke:4 set+the:2 turn+on:4 turn+off:4 set+a:2 timer:4 reminder:3 alarm:4 weather+in:3 \
        weather:2 remind+me:4 play+some:2 play+the:2 add+to:1 calendar:3 send+a:2 send+an:2 lights:3 thermostat:5 look+up:1 check+the:1 \
        fetch:2 get+the:1 order:1 account+balance:2 stock+price:2 create+an:1 create+a:1 delete+the:1 update+the:1 book:1 cancel+my:1"),
    (Sign::Is(Task::AgentWebSearch), "\
        search+the:4 search+for:4 google:3 web:1 web+search:6 internet:3 online:2 latest:4 latest+news:5 news:4 today:3 today's:3 \
        current:2 currently:2 this+week:3 this+year:2 right+now:3 recent:2 recently:2 up-to-date:4 look+up:4 browse:4 find+me:2 find+out:2 \
        sources:1 happening:2 released+today:4 who+won:3 price+of:2 headlines:5 breaking:3 yesterday:3 yesterday's:3 score:1 tonight:2 live:1"),
    (Sign::Is(Task::AgentMemory), "\
        remember:3 remember+that:4 memory:2 memories:5 user+preferences:5 user's+preferences:5 preferences:3 facts+about:4 \
        long-term:3 store:1 recall:3 profile:2 extract+memories:6 conversation+history:3 past+conversations:4 about+the:0 \
        worth+remembering:6 worth+keeping:4 save+for:2 durable:2 forget:2 note+down:2 know+about:1 learned+about:4 for+later:3"),
    (Sign::Is(Task::Classification), "\
        classify:7 classification:6 categorize:7 category:4 categories:3 label:5 labels:4 tag:4 tags:3 tagging:4 sentiment:7 \
        positive+or:5 negative:3 neutral:3 spam:5 spam+or:5 intent:4 topic:2 is+this:2 true+or:2 yes+or:3 toxic:5 toxicity:6 \
        hate+speech:5 urgency:4 urgent:2 moderation:4 moderate:2 rate+this:3 score+this:3 which+of:2 one+of:2 assign:3 flag:2 \
        answer+only:3 one+word:2 priority:2 relevant+or:4 sort+into:4 bucket:3 belongs:2 detect:2 language+is:4 phishing:2"),
    (Sign::Is(Task::Writing), "\
        write:2 write+a:2 write+an:2 essay:5 blog:5 blog+post:5 article:2 poem:6 haiku:6 sonnet:6 lyrics:5 song:3 story:2 \
        short+story:4 email:4 cover+letter:6 letter:4 speech:4 toast:4 slogan:6 tagline:6 headline:3 headlines:1 caption:5 tweet:5 \
        tweets:4 linkedin:5 linkedin+post:5 instagram:3 newsletter:5 press+release:6 product+description:5 rewrite:4 paraphrase:5 \
        rephrase:5 proofread:6 grammar:5 tone:4 polish:3 draft:5 copy:2 ad+copy:5 advert:4 advertisement:4 limerick:6 joke:3 jokes:3 \
        screenplay:4 script+for:2 wedding:2 bio:4 biography:2 formal:2 friendly:1 persuasive:4 catchy:4 outline:3 paragraph:3 \
        announcement:4 invitation:4 thank-you:4 sound+more:4 more+concise:3 shorten:3 eulogy:6 testimonial:4 seo:3 creative:2 resignation:4"),
    (Sign::Is(Task::Roleplay), "\
        roleplay:7 role-play:7 role+play:7 pretend:5 pretend+to:5 you+are:2 act+as:4 character:4 in+character:6 tavern:5 dragon:3 knight:3 \
        wizard:3 vampire:4 elf:4 npc:5 dungeon:4 dungeon+master:6 persona:3 fantasy:3 she+whispers:4 he+smirks:4 smirks:4 whispers:4 \
        scene:3 chapter:4 novel:4 fanfic:6 fanfiction:6 fiction:4 protagonist:4 plot+twist:4 villain:4 short+story:2 story+about:3 story:3 \
        tell+me:1 continue+the:2 once+upon:5 adventure:3 sword:3 castle:3 spaceship:3 detective:3 your+name:2 stay+in:2 narrator:4 lore:4 worldbuilding:5 \
        backstory:5 dialogue+between:4 quest:4 kingdom:3 pirate:4 starship:4"),
    (Sign::Is(Task::Knowledge), "\
        what+is:3 what+are:3 what+was:3 what+were:3 what+does:3 what's+the:2 who+is:3 who+was:3 who+were:3 who+wrote:4 who+invented:4 \
        when+did:4 when+was:4 where+is:2 where+was:3 why+do:3 why+does:2 why+is:2 why+are:3 why+did:3 how+does:4 how+do:3 how+many:2 \
        how+long:2 how+far:3 how+tall:3 how+did:3 which+country:4 which+planet:4 explain:4 define:4 definition:4 difference+between:4 meaning+of:4 \
        capital+of:5 history+of:3 tell+me:2 describe:2 can+you:0 is+it:2 does+a:2 do+cats:2 fact:2 facts:1 invented:3 discovered:3 \
        causes:3 caused:3 theory:3 quantum:2 photosynthesis:4 ancient:2 empire:2 war:1 known+for:3 example+of:2 recommend:3 should+i:2 \
        symptoms:3 vitamin:3 recipe:3 cook:2 best+way:2"),
    (Sign::Is(Task::Conversation), "\
        hi:4 hello:5 hey:4 thanks:4 thank+you:3 good+morning:6 good+evening:6 good+night:5 how+are:5 lol:4 haha:4 i+feel:4 i'm+feeling:5 \
        feeling:3 i'm+bored:5 bored:4 lonely:5 my+day:4 your+day:5 chat:3 talk:3 let's+talk:5 what's+up:5 bye:4 nice+to:3 i+love:2 i+hate:2 \
        sad:3 happy:1 tired:2 stressed:4 my+boyfriend:3 my+girlfriend:3 my+mom:2 my+friend:2 vent:4 cheer+me:5 do+you:3 are+you:3 \
        your+favorite:5 ok:2 okay:2 cool:3 yes:1 no:1 sure:2 great:1 awesome:3 i'm+nervous:5 nervous:4 weekend:2 dog+died:4 guess+what:5 wow:4"),
    (Sign::Is(Task::Research), "\
        research:5 research+report:6 report+on:5 report:3 literature+review:6 market+analysis:6 market+research:6 competitive+analysis:6 \
        analysis+of:3 in-depth:5 deep+dive:6 comprehensive:4 white+paper:6 whitepaper:6 state+of:2 survey+of:4 compare:2 comparing:3 \
        evidence:3 citations:5 cite:4 with+sources:5 sources:3 academic:4 thesis:4 studies:3 study:1 methodology:4 impact+of:3 \
        trends:3 landscape:3 industry:2 investigate:3 findings:4 pros+and:2 implications:3 peer-reviewed:5 dossier:4 systematic:3 swot:5 \
        detailed+report:5 policy:1 overview+of:2 briefing:3"),
    (Sign::Is(Task::Support), "\
        customer:4 refund:6 my+order:6 order+number:5 return+policy:5 shipping:4 delivery:3 delivered:3 package+hasn't:5 my+package:5 \
        subscription:4 cancel+my:5 my+account:5 reset+my:5 password+reset:4 log+in:2 support+agent:6 support+ticket:5 support:3 \
        ticket:3 complaint:5 charged+twice:6 charged:3 billing:4 my+bill:4 warranty:5 damaged:3 exchange+it:3 tracking:3 hasn't+arrived:6 \
        never+arrived:6 upgrade+my:4 help+desk:5 agent:1 apologize:3 promo+code:5 coupon:4 unsubscribe:3 money+back:6 invoice:1 \
        your+company:3 your+service:3 purchased:3 bought:2 locked+out:4 replacement:4"),
    (Sign::Is(Task::Summary), "\
        summarize:8 summarise:8 summary:6 tl;dr:8 tldr:8 tl:3 dr:1 key+points:6 main+points:6 bullet+points:3 condense:6 in+short:3 recap:6 \
        takeaways:6 gist:6 brief:2 abstract:3 minutes+of:4 meeting+notes:4 transcript:4 digest:4 boil+down:5 sum+up:6 synopsis:6 \
        highlights:4 short+version:4 one+sentence:2 action+items:3 executive+summary:6 shorter:1 overview:2 main+argument:4"),
    (Sign::Is(Task::Translation), "\
        translate:9 translation:8 translated:6 in+french:4 in+spanish:4 in+german:4 in+japanese:4 to+english:5 to+french:6 to+spanish:6 \
        to+german:6 to+japanese:6 to+chinese:6 to+korean:6 to+italian:6 to+portuguese:6 to+arabic:6 into+english:6 into+french:6 into+spanish:6 \
        into+german:6 into+japanese:6 into+italian:6 into+dutch:6 into+polish:6 into+korean:6 into+hindi:6 into+mandarin:6 to+russian:6 \
        into+chinese:6 into+portuguese:6 localize:6 localise:6 how+do:0 you+say:5 say+in:2 übersetze:8 Übersetze:8 traduce:8 traduis:8 traduci:8 \
        spanish:3 french:3 german:3 japanese:3 mandarin:3 italian:3 portuguese:3 subtitles:3 mean+in:4"),
    (Sign::Is(Task::Math), "\
        solve:5 equation:6 equations:6 integral:7 integrate:6 derivative:7 differentiate:6 prove:5 proof:5 theorem:6 lemma:6 matrix:5 \
        eigenvalues:7 eigenvalue:7 probability:6 calculate:4 compute:3 algebra:6 geometry:5 triangle:5 circle:2 polynomial:7 factor:2 \
        prime:4 primes:4 sum+of:3 modulo:6 limit+of:5 converges:5 series:2 logarithm:6 sqrt:5 square+root:6 percent:2 percentage:2 \
        how+many:2 arithmetic:5 combinatorics:6 permutations:6 vector:3 differential:5 trigonometry:6 sin:3 cos:3 dice:4 coin+flips:5 \
        remainder:5 divisible:6 fraction:5 hypotenuse:6 area+of:4 volume+of:4 average+speed:4 quadratic:6 expected+value:4 inequality:4 \
        gcd:6 simplify:4 train+leaves:5 variance:4 median:2 standard+deviation:5 integers:4 integer:2"),
    (Sign::Is(Task::Finance), "\
        stock:4 stocks:5 portfolio:6 invest:5 investment:5 investing:5 etf:6 etfs:6 bond:3 bonds:5 trading:5 trade:3 trader:4 crypto:5 \
        bitcoin:6 ethereum:5 options:2 call+option:6 put+option:6 hedge:4 dividend:6 dividends:6 earnings:5 revenue:4 ebitda:7 \
        valuation:6 dcf:7 balance+sheet:7 cash+flow:6 interest+rate:4 interest+rates:5 mortgage:5 loan:4 tax:4 taxes:4 401k:6 ira:3 \
        inflation:3 forex:6 backtest:6 market+cap:6 p/e:6 pe+ratio:6 bull:2 bearish:5 bullish:5 rsi:5 macd:6 moving+average:4 fed:2 \
        volatility:4 sharpe:6 quarterly:3 10-k:6 10k:3 hedge+fund:5 budget:2 retirement:4 compound+interest:4 yield:3 equity:3 equities:5 futures:4"),
    (Sign::Is(Task::Security), "\
        vulnerability:5 vulnerabilities:5 security+audit:8 pentest:7 penetration+test:7 penetration+testing:7 threat+model:7 exploit:5 cve:6 xss:5 \
        csrf:5 owasp:6 attack+surface:6 malware:6 ransomware:6 phishing:4 encryption:2 smart+contract:4 reentrancy:6 privilege+escalation:7 \
        security:4 secure:2 attacker:4 audit:4 hardening:5 hardcoded:3 secrets:2 ssrf:6 buffer+overflow:5 sandbox+escape:5 incident+response:5 \
        soc+2:4 firewall:3 leaked:3 compromised:4 breach:4 sql+injection:3 injection:2 rce:6 zero-day:6 siem:5 forensics:5 iocs:5 misconfigurations:4 \
        credential:2 brute+force:4 access+control:3"),
    (Sign::Is(Task::Devops), "\
        outage:6 incident:4 on-call:6 oncall:6 latency+spike:6 cpu+usage:5 memory+usage:3 autoscaling:6 autoscale:6 load+balancer:6 \
        monitoring:5 alerting:5 alerts:4 alert:3 grafana:6 prometheus:4 datadog:6 slo:6 slos:6 sla:4 uptime:5 downtime:5 rollback:5 \
        blue-green:6 canary:5 deploy:4 deployment:3 deploying:4 server+is:3 servers:3 pods:5 pod:4 cluster:4 nodes:2 aws:3 gcp:3 azure:3 ec2:5 \
        s3:3 vpc:5 dns:4 certificate:3 tls:2 postmortem:6 post-mortem:6 runbook:7 capacity:3 observability:6 production:3 staging:3 failover:5 \
        disaster+recovery:6 kafka+lag:4 oomkilled:6 disk+full:4 infrastructure:4 cloud+bill:4 region:1 provisioning:4 crashloopbackoff:6"),
    (Sign::Is(Task::ImagePrompt), "\
        midjourney:8 stable+diffusion:8 dall-e:8 dalle:8 image+prompt:8 prompt+for:5 image+generator:6 image+generation:5 photorealistic:6 \
        8k:4 cinematic+lighting:7 cinematic:3 flux:3 art+style:5 generate+an:2 image+of:5 picture+of:4 illustration:4 watercolor:5 \
        octane+render:7 portrait+of:4 concept+art:6 logo+prompt:5 negative+prompt:8 sdxl:8 aspect+ratio:5 bokeh:5 digital+painting:6 \
        lighting:1 text-to-image:8 visual+prompt:6 draw:4 draw+a:3 lora:4 wallpaper:3 anime+style:5"),
];
