-- Messages and cost per customer and billing period, over all parents, as `subledger history --by customer` has them.
with captures as (  -- each has a row of removed usage; place 1 is the last of its UTC day, in one file if two have it
  select parent, period, capture, captured_at, period_start, least(captured_at, period_end) as until, currency,
    messages as removed, allocated_cost as removed_cost, row_number() over (partition by parent, period,
      cast(captured_at as date) order by captured_at desc, capture desc) as place
  from usage where bucket = 'removed'
), nights as (  -- what was sent since the night before is whoever's the account was halfway
  select *, cast(since + (until - since) / 2 as date) as day from (
    select *, lag(captured_at, 1, period_start) over in_period as since,
      removed - lag(removed, 1, 0) over in_period as growth,
      row_number() over (partition by parent order by captured_at) as night,
      first_value(removed) over (partition by parent, period order by captured_at desc) as all_removed,
      first_value(removed_cost) over (partition by parent, period order by captured_at desc) as all_cost
    from captures where place = 1 window in_period as (partition by parent, period order by captured_at)) as numbered
), totals as (
  select parent, period, night, day, bucket, account_id, nights.currency, messages, allocated_cost as cost,
    lead(night) over (partition by parent, account_id order by night) as next_night
  from usage join nights using (parent, period, capture, captured_at) where bucket <> 'removed'
), gone as (  -- who was there the night before; one alone left all that was removed, of several each its last total
  select *, case when count(*) over (partition by parent, night) = 1 then growth else seen end as messages from (
    select parent, nights.period, nights.night, account_id, growth,
      case when totals.period = nights.period then messages else 0 end as seen,
      case when totals.period = nights.period then cost else 0 end as seen_cost
    from totals join nights using (parent) where bucket = 'sub_account'
      and totals.night + 1 = nights.night and nights.night <> coalesce(next_night, 0)) as lost
), parts as (  -- of a period's removed usage: a row for each account that left some, and one for what has no name
  select parent, period, day, account_id, max(currency) as currency,
    max(all_removed) as all_removed, max(all_cost) as all_cost,
    case grouping(account_id) when 0 then max(seen) else 0 end as seen,
    case grouping(account_id) when 0 then max(seen_cost) else 0 end as seen_cost,
    case grouping(account_id) when 0 then sum(messages) else max(all_removed) - coalesce(sum(messages), 0)
      end as messages
  from nights left join gone using (parent, period, night)
  group by grouping sets ((parent, period, day, account_id), (parent, period))
  having grouping(account_id) = 1 or account_id is not null
), settled as (  -- their cost by messages; what rounding down leaves goes to the largest remainders, a last digit each
  select *, case when row_number() over (partition by parent, period
      order by all_cost * messages - cost * all_removed desc, account_id nulls last) * 0.0000000000000000000001
    <= all_cost - sum(cost) over (partition by parent, period) then 0.0000000000000000000001 else 0 end as last_digit
  from (select *, share(all_cost, messages, all_removed) as cost from parts where all_removed > 0) as shared
), everything as (  -- what accounts were seen to send, and what the removed left beyond what was seen of them
  select parent, period, day, bucket, account_id, currency, messages - lag(messages, 1, 0) over account as messages,
    cost - lag(cost, 1, 0) over account as cost
  from totals window account as (partition by parent, period, account_id order by night)
  union all
  select parent, period, day, case when account_id is null then 'removed' else 'sub_account' end, account_id, currency,
    messages - seen, cost + last_digit - seen_cost
  from settled
)
select period, case when customer_id is null then bucket else 'customer' end as line_type,
  coalesce(customer_id, account_id, parent) as id, currency,
  cast(sum(messages) as bigint) as messages, sum(cost) as cost
from everything left join customers on bucket = 'sub_account' and lower(sub_account_id) = account_id
  and day >= coalesce(cast(effective_from as date), date '0001-01-01')
  and day <= coalesce(cast(effective_to as date), date '9999-12-31')
group by 1, 2, 3, 4
having sum(messages) <> 0 or sum(cost) <> 0
order by 1, 2, 3, 4
