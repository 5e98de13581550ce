-- What question.sql takes for granted, and where it is not so: every count must be 0, or its answer may be another one.
with nights as (
  select *, row_number() over (partition by parent order by captured_at) as night from (
    select parent, period, capture, captured_at, messages as removed, allocated_cost as removed_cost,
      row_number() over (partition by parent, period, cast(captured_at as date)
        order by captured_at desc, capture desc) as place
    from usage where bucket = 'removed') as captures
  where place = 1
), totals as (
  select parent, nights.period, night, account_id, messages, removed,
    lead(night) over (partition by parent, account_id order by night) as next_night
  from usage join nights using (parent, period, capture, captured_at) where bucket = 'sub_account'
), growth as (
  select parent, period, night, removed - lag(removed, 1, 0) over (partition by parent, period order by night) as grown
  from nights
), lost as (
  select growth.parent, growth.night, max(grown) as grown, sum(messages) as seen
  from growth left join totals on totals.parent = growth.parent and totals.period = growth.period
    and totals.night + 1 = growth.night and coalesce(next_night, 0) <> growth.night
  group by growth.parent, growth.night
)
select 'an account vanished and came back' as doubt, count(*) as cases from totals where next_night > night + 1
union all
select 'more was lost than removed usage grew by', count(*) from lost where coalesce(seen, 0) > grown or grown < 0
union all
select 'removed usage has a cost and no messages', count(*) from nights where removed = 0 and removed_cost <> 0
union all
select 'an account has two lines in one capture', count(*)
from (select 1 from totals group by parent, night, account_id having count(*) > 1) as twice
union all
select 'a parent has two currencies', count(*)
from (select 1 from usage group by parent having count(distinct currency) > 1) as mixed
