import { stale } from '@twinlane/ui/connection';
import { count } from '@twinlane/ui/format';
import { BackIcon, NextIcon, SearchIcon, SortIcon } from '@twinlane/ui/icons';
import { pageOf } from '@twinlane/ui/links';
import { Message } from '@twinlane/ui/message';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import {
  elsewhere,
  filter,
  filterCounts,
  holdOrder,
  openList,
  order,
  pageIndex,
  query,
  rowsPerPage,
  shownUris,
  sort,
  type Filter,
  type SortKey,
} from '../data/customers';
import { directory } from '../data/directory';
import { maySee } from '../data/roles';
import { CustomerRow } from '../parts/customer_row';
import { HiddenMark } from '../parts/hidden';
import { ServerStrip } from '../parts/server_strip';

export function ListPage(): JSX.Element {
  useEffect(() => openList(), []);
  return (
    <main class="page" data-stale={stale.value}>
      <h1 class="visually-hidden">Customers</h1>
      <ServerStrip />
      <Toolbar />
      <Table />
      <Pager />
    </main>
  );
}

const filterNames: [Filter, string][] = [
  ['all', 'All'],
  ['risk', 'High risk'],
  ['offer', 'With offer'],
];

const sortNames: [string, string][] = [
  ['risk:desc', 'Highest risk'],
  ['risk:asc', 'Lowest risk'],
  ['name:asc', 'Name'],
  ['id:asc', 'Number'],
  ['sentiment:asc', 'Worst sentiment'],
  ['sentiment:desc', 'Best sentiment'],
  ['changed:desc', 'Last changed'],
];

function Toolbar(): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focusOnSlash = (event: KeyboardEvent) => {
      const at = event.target as HTMLElement;
      if (event.key !== '/' || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener('keydown', focusOnSlash);
    return () => window.removeEventListener('keydown', focusOnSlash);
  }, []);
  return (
    <div class="toolbar">
      <label class="search">
        <SearchIcon />
        <span class="visually-hidden">Search customers</span>
        <input
          ref={input}
          type="search"
          data-testid="search"
          placeholder="Name, number, tier or segment"
          autocomplete="off"
          spellcheck={false}
          value={query.value}
          onInput={(e) => (query.value = e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key === 'Escape') query.value = '';
          }}
        />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <FilterChoice />
      <SortChoice />
      {!maySee('churn_risk') && <HiddenMark />}
      <Summary />
    </div>
  );
}

function FilterChoice(): JSX.Element {
  const counts = filterCounts.value;
  return (
    <div class="segmented" role="group" aria-label="Show">
      {filterNames.map(([name, label]) => (
        <button
          key={name}
          type="button"
          aria-pressed={filter.value === name}
          onClick={() => (filter.value = name)}
          data-filter={name}
        >
          {label} <span class="num segmented-count">{count(counts[name])}</span>
        </button>
      ))}
    </div>
  );
}

function SortChoice(): JSX.Element {
  const { key, descending } = sort.value;
  const value = `${key}:${descending ? 'desc' : 'asc'}`;
  const known = sortNames.some(([name]) => name === value);
  return (
    <label class="sort-choice">
      <span>Sort by</span>
      <select
        value={value}
        data-testid="sort"
        onChange={(e) => {
          const [name, direction] = e.currentTarget.value.split(':');
          sort.value = { key: name as SortKey, descending: direction === 'desc' };
        }}
      >
        {!known && <option value={value}>As chosen below</option>}
        {sortNames.map(([name, label]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

function Summary(): JSX.Element {
  const shown = order.value.length;
  const followed = shownUris.value.length;
  const { uris, more } = directory.value;
  const total = `${count(uris.length)}${more ? '+' : ''}`;
  const scope =
    uris.length > followed || more ? `${count(followed)} of ${total} followed live` : `${total} followed live`;
  return (
    <p class="summary num" role="status" data-testid="summary">
      {shown < followed ? `${count(shown)} shown · ${scope}` : scope}
    </p>
  );
}

interface Column {
  label: string;
  /** A second figure in the same column, at its right. */
  second?: string;
  class: string;
  by?: SortKey;
  /** Which direction a first click sorts in. */
  descending?: boolean;
}

const columns: Column[] = [
  { label: 'Customer', class: 'cell-name', by: 'name' },
  { label: 'Tier', class: 'cell-tier' },
  { label: 'Segment', class: 'cell-segment' },
  { label: 'Sentiment', class: 'cell-mood', by: 'sentiment' },
  { label: 'Churn risk', class: 'cell-risk', by: 'risk', descending: true },
  { label: 'Current offer', class: 'cell-offer' },
  { label: 'Status', second: '30-day spend', class: 'cell-status' },
  { label: 'Changed', class: 'cell-changed', by: 'changed', descending: true },
];

function Table(): JSX.Element {
  const rows = order.value;
  useEffect(
    () => () => {
      holdOrder.value = false;
    },
    [],
  );
  return (
    <div class="table" role="table" aria-label="Customers" aria-rowcount={rows.length + 1}>
      <div class="row row-head" role="row">
        {columns.map((column) => (
          <HeadCell key={column.label} column={column} />
        ))}
      </div>
      <div
        role="rowgroup"
        onPointerEnter={(e) => {
          if (e.pointerType === 'mouse') holdOrder.value = true;
        }}
        onPointerLeave={(e) => (holdOrder.value = e.currentTarget.contains(document.activeElement))}
        onFocusIn={() => (holdOrder.value = true)}
        onFocusOut={(e) => {
          if (!e.currentTarget.contains(e.relatedTarget as Node | null)) holdOrder.value = false;
        }}
        onKeyDown={moveFocus}
      >
        {rows.map((row) => (
          <CustomerRow key={row.peek().uri} row={row} />
        ))}
      </div>
      {rows.length === 0 && <Empty />}
    </div>
  );
}

/** Up and down go from row to row. */
function moveFocus(event: KeyboardEvent): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const row = (event.target as Element).closest('.row');
  const next = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  const link = next?.querySelector<HTMLElement>('.row-link');
  if (!link) return;
  event.preventDefault();
  link.focus();
}

function HeadCell({ column }: { column: Column }): JSX.Element {
  const { label, by } = column;
  if (!by) {
    return (
      <div class={`cell ${column.class}`} role="columnheader">
        <span>{label}</span>
        {column.second && <span>{column.second}</span>}
      </div>
    );
  }
  const active = sort.value.key === by;
  const direction = !active ? 'none' : sort.value.descending ? 'descending' : 'ascending';
  return (
    <div class={`cell ${column.class}`} role="columnheader" aria-sort={direction}>
      <button
        type="button"
        class="sort-button"
        data-sort={by}
        onClick={() =>
          (sort.value = { key: by, descending: active ? !sort.value.descending : (column.descending ?? false) })
        }
      >
        {label}
        <SortIcon direction={direction} />
      </button>
    </div>
  );
}

function Empty(): JSX.Element {
  const { uris, loading, error } = directory.value;
  if (uris.length > 0) {
    const other = elsewhere.value;
    return (
      <Message
        title={query.value ? `No customer on this page matches “${query.value}”` : 'No customer passes this filter'}
      >
        {other ? (
          <a class="button" href={pageOf(other)}>
            Open {other}
          </a>
        ) : (
          <button
            class="button"
            type="button"
            onClick={() => {
              query.value = '';
              filter.value = 'all';
            }}
          >
            Show all customers
          </button>
        )}
      </Message>
    );
  }
  if (loading) return <Message title="Listing customers…" />;
  if (error) return <Message title="The list cannot be read">{error} Trying again every two seconds.</Message>;
  return (
    <Message title="No customers yet">A customer appears here with its first event. This page keeps looking.</Message>
  );
}

function Pager(): JSX.Element | null {
  const total = directory.value.uris.length;
  const pages = Math.ceil(total / rowsPerPage);
  if (pages < 2) return null;
  const at = Math.min(pageIndex.value, pages - 1);
  const go = (to: number) => {
    pageIndex.value = to;
    window.scrollTo(0, 0);
  };
  return (
    <nav class="pager" aria-label="Pages of customers">
      <button class="button button-quiet" type="button" disabled={at === 0} onClick={() => go(at - 1)}>
        <BackIcon /> Previous
      </button>
      <span class="num">
        Customers {count(at * rowsPerPage + 1)} to {count(Math.min(total, (at + 1) * rowsPerPage))} of {count(total)}
      </span>
      <button class="button button-quiet" type="button" disabled={at >= pages - 1} onClick={() => go(at + 1)}>
        Next <NextIcon />
      </button>
    </nav>
  );
}
